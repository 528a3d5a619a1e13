# The derivation of an image is run by the binary, and a result that was made
# with an image has the image in its build closure.
{ facts, imageBuilders, pkgs, product, ... }:

let
  inherit (builtins) elem match unsafeDiscardOutputDependency unsafeDiscardStringContext;

  image = product.demoImage;
  result = import ../../examples/hello.nix { inherit pkgs; wfvm = product; };
  windows = product.makeWindowsImage { };
in
facts "builder" {
  "the builder of an image is wfvm-nix-builder" = [ image.builder "${imageBuilders.install}/bin/wfvm-nix-builder" ];
  "its one argument is the subcommand" = [ image.args [ "install" ] ];
  "an image of Windows carries the mark of what is not redistributed" = [ windows.name "RESTRICTDIST-windows.img" ];
  "an image of the reference guest does not" = [ (match ".*RESTRICTDIST.*" image.name) null ];
  "an image asks for KVM and nothing else" = [ windows.requiredSystemFeatures [ "kvm" ] ];
  "an image under TCG asks for nothing" = [ image.requiredSystemFeatures [ ] ];
  "the demo's program refers to the image" = [ result.run.image.drvPath image.drvPath ];
  "blanks in a name become what a store path may have" =
    [ (product.wfvm-run { name = "my program"; inherit image; script = ""; }).meta.mainProgram "wfvm-run-my-program" ];
}
