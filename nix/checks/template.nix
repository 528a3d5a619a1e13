# The template that needs no Windows, as its user has it: an image of two layers, a
# program that is tested in it, and the jobs. tests/templates makes it a project.
{ facts, pkgs, product, ... }:

let
  outputs = (import ../templates/ci/flake.nix).outputs {
    self = outputs;
    nixpkgs.legacyPackages.x86_64-linux = pkgs;
    wfvm.lib.for = _: product;
  };
  inherit (outputs.hydraJobs) image release tests;
in
pkgs.runCommand "check-template" { nativeBuildInputs = [ pkgs.gnugrep ]; } ''
  grep -q '^3 lines' ${tests}/results/report || { cat ${tests}/log.txt >&2; exit 1; }
  cat ${facts "template-ci" {
    "its image has two layers" = [ (builtins.length image.layers) 2 ];
    "its release waits for its tests" = [ (map toString release.constituents) [ "${tests}" ] ];
  }}
  echo 3 facts hold > $out
''
