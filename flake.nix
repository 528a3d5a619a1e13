# nix/ for flakes: the product is nix/default.nix, which takes any nixpkgs.
{
  description = "Windows virtual machines as Nix values: installed from the ISO, layered, run in the sandbox";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";

  outputs = { self, nixpkgs }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      for = pkgs: import ./nix { inherit pkgs; };
      product = for pkgs;
      outputs = import ./nix/flake { inherit pkgs product; };
      inherit (builtins) mapAttrs readDir;
    in
    {
      # WFVM's names and defaults, and what is new. For a package set of one's own, and
      # strict with mistakes: `lib.for pkgs`.
      lib = removeAttrs product [ "checks" "demoImage" "docs" "referenceGuest" "wfvm-nix-builder" ]
        // import ./wfvm { inherit pkgs; wfvm = product; } // { inherit for; };

      packages.${system} = outputs.packages;
      apps.${system} = outputs.apps;
      checks.${system} = outputs.checks;
      devShells.${system} = outputs.devShells;
      formatter.${system} = outputs.formatter;

      hydraJobs = import ./nix/hydra/jobs.nix { inherit pkgs; wfvm = product; };

      overlays.default = final: _: { wfvm = for final; };
      nixosModules.default.imports = [ ./nix/nixos ];

      # A folder is a template.
      templates = mapAttrs
        (name: _: { path = ./nix/templates + "/${name}"; inherit (import (./nix/templates + "/${name}/flake.nix")) description; })
        (readDir ./nix/templates);
    };
}
