# An example as a check: built, unless it is an image of Windows, whose medium nobody
# can fetch for you. Such an example evaluates.
{ pkgs, product, name }:

let
  example = import (../../examples + "/${name}.nix") { inherit pkgs; wfvm = product; };
in
if builtins.match "RESTRICTDIST-.*" example.name == null then example
else pkgs.writeText "example-${name}" (builtins.unsafeDiscardStringContext "${example.drvPath}\n")
