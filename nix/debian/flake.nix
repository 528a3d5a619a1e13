# The package set of Debian's programs in the place of nixpkgs: `scripts/nix` overrides
# the input `nixpkgs` of a flake with this.
{
  description = "Debian's programs by the names of nixpkgs";

  # What this machine has in its store, written by scripts/nix, which overrides this, too.
  inputs.machine = { url = "path:./machine"; flake = false; };

  outputs = { self, machine }: {
    legacyPackages.x86_64-linux = import ./. (builtins.mapAttrs
      (_: builtins.mapAttrs (_: stored:
        # Pure evaluation refuses `builtins.storePath`. With name and hash the path is
        # one that the store has already, and ./machine is not looked at.
        builtins.path { path = machine; inherit (stored) name sha256; }))
      (import machine));
  };
}
