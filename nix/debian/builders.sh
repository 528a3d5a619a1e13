# Runs the `buildCommand` of a derivation made by nix/debian/builders.nix.
# With __structuredAttrs the attributes are in .attrs.sh and not in the environment.
if [ -e .attrs.sh ]; then source ./.attrs.sh; fi
# The time that compilers and archivers write into what they make, as nixpkgs has it.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
if [ -n "${buildCommandPath-}" ]; then source "$buildCommandPath"; else eval "$buildCommand"; fi
