# What an image's hash depends on: a change of the documents, the tests, or another
# subcommand rebuilds no image. Each change is made in a copy of the file names that
# the sources of a builder are filtered by, so nothing is built for this.
{ facts, imageBuilders, pkgs, product, wfvm-nix-builder, ... }:

let
  inherit (builtins) attrNames filter head listToAttrs map match pathExists readDir unsafeDiscardStringContext;

  builders = import ../packages/builders.nix;
  repository = ../..;

  # Whether a file is one of those that a builder is made of.
  source = mapAttrs (_: builder: import ../packages/builder-source.nix { inherit repository builder; }) builders;
  inherit (builtins) mapAttrs;
  isIn = builder: source.${builder}.has;
  # The builders that a change of a file makes anew.
  rebuilt = file:
    if pathExists (repository + "/${file}") then filter (builder: isIn builder file) (attrNames builders)
    else throw "stable-hashes: there is no ${file}";

  all = [ "wfvm-install-builder" "wfvm-layer-builder" "wfvm-nix-builder" ];
in
facts "stable-hashes" {
  "the README" = [ (rebuilt "README.md") [ ] ];
  "a document" = [ (rebuilt "docs/reference/commands.md") [ ] ];
  "a test of ring 2" = [ (rebuilt "tests/house/main.rs") [ ] ];
  "a test beside the code" = [ (rebuilt "crates/wfvm/src/machine/tests.rs") [ ] ];
  "a Nix file" = [ (rebuilt "nix/default.nix") [ ] ];
  "the reference guest" = [ (rebuilt "crates/reference-guest/src/main.rs") [ ] ];
  "run" = [ (rebuilt "crates/wfvm/src/run/mod.rs") [ "wfvm-nix-builder" ] ];
  "run's options" = [ (rebuilt "crates/wfvm-nix-builder/src/tasks/run.rs") [ "wfvm-nix-builder" ] ];
  "the store as a volume" = [ (rebuilt "crates/wfvm/src/store_volume/mod.rs") [ "wfvm-nix-builder" ] ];
  "schema" = [ (rebuilt "crates/wfvm-nix-builder/src/tasks/schema.rs") [ "wfvm-nix-builder" ] ];
  "win-exec is part of layers, not of installations" =
    [ (rebuilt "crates/wfvm-nix-builder/src/win/exec.rs") [ "wfvm-layer-builder" "wfvm-nix-builder" ] ];
  "layer" = [ (rebuilt "crates/wfvm/src/layer/mod.rs") [ "wfvm-layer-builder" "wfvm-nix-builder" ] ];
  "install" = [ (rebuilt "crates/wfvm/src/install/mod.rs") [ "wfvm-install-builder" "wfvm-nix-builder" ] ];
  "the answer file" = [ (rebuilt "crates/wfvm/src/answer_file/mod.rs") [ "wfvm-install-builder" "wfvm-nix-builder" ] ];
  "the machine" = [ (rebuilt "crates/wfvm/src/machine/mod.rs") all ];
  "the locked dependencies" = [ (rebuilt "Cargo.lock") all ];

  "an image is built by a program that installs and does nothing else" =
    [ product.demoImage.builder "${imageBuilders.install}/bin/wfvm-nix-builder" ];
  "a run is none of the inputs of an image" = [ (imageBuilders.install == wfvm-nix-builder) false ];
}
