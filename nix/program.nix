# A program that runs a script beside an image: wfvm-nix-builder with a spec.
{ pkgs, storeName, wfvm-nix-builder, ... }:
{ name, image, spec }:

let
  program = storeName name;
  specFile = pkgs.writeText "${program}.json" (builtins.toJSON spec);
in
(pkgs.writeShellScriptBin program ''
  exec ${wfvm-nix-builder}/bin/wfvm-nix-builder run --spec ${specFile} "$@"
'').overrideAttrs (previous: {
  passthru = previous.passthru or { } // { inherit image spec; };
  meta = previous.meta or { } // { mainProgram = program; };
})
