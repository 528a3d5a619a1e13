# nix/nixpkgs-attributes.md is true: with these attributes and no others,
# everything but the reference guest evaluates.
{ facts, ... }:

let
  inherit (builtins) attrNames concatMap elemAt filter head isList isString listToAttrs map match readFile split;

  rows = filter (line: isString line && match "\\| `.*" line != null) (split "\n" (readFile ../nixpkgs-attributes.md));
  # The first column's first word, up to a dot, a blank or the closing mark.
  documented = map (row: head (match "\\| `([A-Za-z0-9_-]+).*" row)) rows;

  package = name: derivation { inherit name; system = "x86_64-linux"; builder = "/none"; } // {
    overrideAttrs = change: package name // change { };
  };
  shapes = {
    stdenv.hostPlatform.system = "x86_64-linux";
    OVMF.fd = package "OVMF-fd";
    writeText = name: text: builtins.toFile (builtins.unsafeDiscardStringContext name) (builtins.unsafeDiscardStringContext text);
    writeShellScriptBin = name: text: package name;
    runCommand = name: attributes: script: package name;
    requireFile = { name, sha256, message }: package name;
    fetchurl = { url, sha256, name ? "" }: package "fetched";
  };
  mock = listToAttrs (map (name: { inherit name; value = shapes.${name} or (package name); }) documented);

  product = import ../. { pkgs = mock; };
  image = product.makeWindowsImage { tpm = true; };
  run = product.wfvm-run { name = "x"; inherit image; script = "true"; };
in
facts "nixpkgs-attributes" {
  "the table was found" = [ (builtins.length documented >= 8) true ];
  "an image of Windows evaluates" = [ (isString (builtins.toJSON image.spec + image.drvPath)) true ];
  "a program that runs it evaluates" = [ (isString (builtins.toJSON run.passthru.spec)) true ];
  "its layers evaluate" = [ (isString (builtins.toJSON (map (layer: layer.script or "a function") (builtins.attrValues product.layers)))) true ];
  "a channel of conda evaluates" = [ (isString (product.layers.conda-channel { packages = [ image ]; }).script) true ];
  "WFVM's door evaluates" =
    [ (isString ((import ../../wfvm { pkgs = mock; }).makeWindowsImage { windowsImage = "${image}/*.iso"; }).drvPath) true ];
}
