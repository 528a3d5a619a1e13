# The demo's program really ran in the image.
{ pkgs, product, ... }:

let
  result = import ../../examples/hello.nix { inherit pkgs; wfvm = product; };
in
pkgs.runCommand "check-hello" { nativeBuildInputs = [ pkgs.gnugrep ]; } ''
  grep -q '^Hello from a Windows program on [A-Za-z0-9-]*, process [0-9]' ${result} || { cat ${result} >&2; exit 1; }
  echo 1 fact holds > $out
''
