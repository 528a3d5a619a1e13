# What the flake has for one system.
{ pkgs, product }:

let
  inherit (builtins) attrNames filter head listToAttrs map match readDir;

  # A file is an entry: NAME.nix is the attribute NAME.
  names = directory: map head (filter (name: name != null) (map (match "(.*)\\.nix") (attrNames (readDir directory))));
  each = directory: value: listToAttrs (map (name: { inherit name; value = value (directory + "/${name}.nix"); }) (names directory));

  # A store path where cargo built it, and outputs are to be derivations.
  wfvm-nix-builder =
    if builtins.isAttrs product.wfvm-nix-builder then product.wfvm-nix-builder
    else pkgs.runCommand "wfvm-nix-builder" { meta.mainProgram = "wfvm-nix-builder"; } "ln -s ${product.wfvm-nix-builder} $out";

  demo = import ./demo.nix { inherit pkgs product; };
  app = description: package: {
    type = "app";
    program = "${package}/bin/${package.meta.mainProgram}";
    meta = { inherit description; };
  };
in
{
  packages = {
    inherit (product) demoImage docs referenceGuest;
    inherit wfvm-nix-builder;
    default = demo;
  };

  apps = {
    default = app "runs a Windows program in an installed image" demo;
    debug = app "starts the demo's image with its screen in a window and a shell beside it" product.demoImage.debug;
    wfvm-nix-builder = app "what the derivations run" wfvm-nix-builder;
  };

  checks = product.checks // listToAttrs (map
    (name: { name = "example-${name}"; value = import ./example.nix { inherit pkgs product name; }; })
    (names ../../examples));

  devShells = each ./shells (file: import file { inherit pkgs; });

  # Rust alone: nothing formats the Nix files here.
  formatter = pkgs.writeShellScriptBin "wfvm-format" ''
    export PATH=${pkgs.cargo}/bin:${pkgs.rustfmt}/bin:$PATH
    exec cargo fmt --all "$@"
  '';
}
