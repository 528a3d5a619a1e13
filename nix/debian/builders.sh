# Runs the `buildCommand` of a derivation made by nix/debian/builders.nix.
# With __structuredAttrs the attributes are in .attrs.sh and not in the environment.
if [ -e .attrs.sh ]; then source ./.attrs.sh; fi
if [ -n "${buildCommandPath-}" ]; then source "$buildCommandPath"; else eval "$buildCommand"; fi
