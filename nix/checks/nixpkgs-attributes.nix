# nix/nixpkgs-attributes.md is true: with these attributes and no others,
# everything but the reference guest evaluates.
{ facts, ... }:

let
  inherit (builtins) isString;

  mock = import ../../tests/mock-nixpkgs.nix { };
  product = import ../. { inherit (mock) pkgs; };
  image = product.makeWindowsImage { tpm = true; layers = [ { name = "a"; script = ""; } ]; compact = true; };
  run = product.wfvm-run { name = "x"; inherit image; script = "true"; };
in
facts "nixpkgs-attributes" {
  "the table was found" = [ (builtins.length mock.documented >= 8) true ];
  "an image of Windows evaluates" = [ (isString (builtins.toJSON image.spec + image.drvPath)) true ];
  "a program that runs it evaluates" = [ (isString (builtins.toJSON run.passthru.spec)) true ];
  "a program that shows it evaluates" = [ (isString (builtins.toJSON image.debug.passthru.spec)) true ];
  "its layers evaluate" = [ (isString (builtins.toJSON (map (layer: layer.script or "a function") (builtins.attrValues product.layers)))) true ];
  "a channel of conda evaluates" = [ (isString (product.layers.conda-channel { packages = [ image ]; }).script) true ];
  "the documents' site evaluates" = [ (isString product.docs.drvPath) true ];
  "WFVM's door evaluates" =
    [ (isString ((import ../../wfvm { inherit (mock) pkgs; }).makeWindowsImage { windowsImage = "${image}/*.iso"; }).drvPath) true ];
}
