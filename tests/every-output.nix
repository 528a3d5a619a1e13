# Everything that the flake and the examples are for a package set: { name = derivation; }.
# What is cheap to evaluate stands first in `order`.
{ pkgs }:

let
  inherit (builtins) attrNames concatMap foldl' isAttrs isFunction listToAttrs map mapAttrs;

  system = "x86_64-linux";
  flake = (import ../flake.nix).outputs { self = flake // { outPath = ../.; }; nixpkgs.legacyPackages.${system} = pkgs; };
  overlaid = flake.overlays.default (pkgs // overlaid) pkgs;

  named = prefix: set: listToAttrs (map (name: { name = "${prefix}.${name}"; value = set.${name}; }) (attrNames set));

  # Attribute sets of derivations, however deep.
  leaves = prefix: set: foldl' (done: name: done // (
    let value = set.${name}; path = "${prefix}.${name}"; in
    if !isAttrs value then { }
    else if value.type or null == "derivation" then { ${path} = value; }
    else leaves path value
  )) { } (attrNames set);

  windows = make: {
    image = make { tpm = true; layers = [ { name = "a"; script = ""; } ]; compact = true; };
    medium = make { windowsImage = "${pkgs.writeText "windows.iso" ""}"; };
  };
  # The check that evaluates all of this would evaluate itself.
  withoutThis = checks: removeAttrs checks [ "nixpkgs-attributes" ];

  product = flake.lib.for pkgs;
  image = (windows product.makeWindowsImage).image;
in
{
  parts = [
    (named "lib.for pkgs" (windows product.makeWindowsImage // {
      run = product.wfvm-run { name = "x"; inherit image; script = "true"; };
      linux = product.runInLinuxVM (pkgs.runCommand "x" { } "");
      inherit (image) debug revived;
      clones = product.runOnClones { name = "x"; inherit image; commands = [ "a\nb" ]; };
      conda-channel = (product.layers.conda-channel { packages = [ image ]; }).channel or image;
    }))
    (named "lib" (windows flake.lib.makeWindowsImage // {
      glob = flake.lib.makeWindowsImage { windowsImage = "${image}/*.iso"; };
      impure = flake.lib.makeWindowsImage { windowsImage = "${image}"; impureMode = true; };
      ssh = import ../wfvm/demo-ssh.nix { inherit pkgs; };
      inherit (flake.lib.utils) win-exec;
    }))
    (named "nixosModules.default" (import ../nix/nixos/programs.nix {
      inherit pkgs;
      name = "x";
      declared = {
        inherit image;
        keepState = false;
        onNewImage = "replace";
        cores = 2;
        memoryMib = null;
        isolateNetwork = true;
        forwardedPorts = [ { address = "127.0.0.1"; host = 3389; guest = 3389; } ];
        vnc = true;
        extraQemuFlags = [ ];
      };
    }))
    (named "overlays.default" { inherit (overlaid.wfvm) demoImage; })
    (leaves "packages" flake.packages)
    (leaves "devShells" flake.devShells)
    (named "formatter" flake.formatter)
    (mapAttrs (_: app: { drvPath = app.program; }) (named "apps" flake.apps.${system}))
    (leaves "templates" (mapAttrs
      (_: template:
        let outputs = (import (template.path + "/flake.nix")).outputs { self = outputs; nixpkgs.legacyPackages.${system} = pkgs; wfvm = flake; };
        in outputs)
      flake.templates))
    (leaves "checks" (withoutThis flake.checks.${system}))
    (leaves "hydraJobs" (import ../nix/hydra/jobs.nix { inherit pkgs; wfvm = product // { checks = withoutThis product.checks; }; }))
  ];
}
