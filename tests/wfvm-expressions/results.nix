# What is done with an image: another passthru, an overlay, a package, an input.
{ pkgs, wfvm, ... }:

let
  image = wfvm.makeWindowsImage { windowsImage = pkgs.writeText "windows.iso" ""; };
  layered = wfvm.makeWindowsImage { windowsImage = pkgs.writeText "windows.iso" ""; installCommands = [ { name = "a"; script = "true"; } ]; };

  # A flake's package, which carries a program of its own.
  packaged = layered.overrideAttrs (_: {
    passthru.runScript = pkgs.writeShellScriptBin "run-windows" ''
      ${wfvm.utils.qemu}/bin/qemu-img create -f qcow2 -F qcow2 -b ${layered} overlay.qcow2
    '';
  });
  run = image: wfvm.utils.wfvm-run { name = "x"; inherit image; script = ""; };

  overlay = pkgs.runCommand "windows-with-more" { buildInputs = [ wfvm.utils.qemu ]; } ''
    qemu-img create -F qcow2 -f qcow2 -b ${image} $out
  '';
  input = pkgs.runCommand "uses" { buildInputs = [ image ]; } "cp -s $buildInputs $out";
in
{
  facts = {
    "another passthru leaves the image as it is" = [ packaged.drvPath layered.drvPath ];
    "and is there" = [ packaged.runScript.meta.mainProgram or packaged.passthru.runScript.name "run-windows" ];
    "such an image is run on its own machine" = [ (run packaged).spec.machine layered.machine ];
    "name, drvPath and outPath are there" = [ (map builtins.isString [ image.name image.drvPath image.outPath ]) [ true true true ] ];
    "an overlay refers to the image" =
      [ (builtins.hasAttr (builtins.unsafeDiscardStringContext image.drvPath) (builtins.getContext "${image}")) true ];
    "derivations are made with it" = [ [ overlay.name input.name ] [ "windows-with-more" "uses" ] ];
    "it is a derivation" = [ image.type "derivation" ];
  };
}
