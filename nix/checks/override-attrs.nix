# `.overrideAttrs` of an image is that of nixpkgs.
{ facts, product, pkgs, ... }:

let
  arguments = { guestOs = "reference-guest"; accelerator = "tcg"; windowsImage = pkgs.writeText "medium" ""; };
  image = product.makeWindowsImage arguments;
  layered = product.makeWindowsImage (arguments // { layers = [ { name = "a"; script = ""; } ]; });
  oursLayered = layered.overrideAttrs (_: { passthru.runScript = "x"; });
  larger = image.overrideAttrs (final: previous: { spec = previous.spec // { diskMib = 2 * previous.spec.diskMib; }; });
  ours = image.overrideAttrs (_: { passthru.runScript = "x"; });
  twice = (image.overrideAttrs { name = "a"; }).overrideAttrs (final: previous: { name = previous.name + "b"; meta.description = final.name; });
  run = image: product.wfvm-run { name = "x"; inherit image; script = ""; };
in
facts "override-attrs" {
  "a set replaces attributes" = [ (image.overrideAttrs { name = "other"; }).name "other" ];
  "a function of the old attributes changes the derivation" = [ (larger.drvPath == image.drvPath) false ];
  "passthru.spec is the spec that is built" = [ larger.spec.diskMib (2 * image.spec.diskMib) ];
  "passthru alone leaves the derivation as it is" = [ ours.drvPath image.drvPath ];
  "passthru is replaced as a whole" = [ (ours.runScript == "x" && !(ours ? machine)) true ];
  "an image whose passthru was replaced is run as it was installed" =
    [ { inherit ((run ours).spec) machine login; } { inherit (image) machine login; } ];
  "so is a layer's" = [ (run oursLayered).spec.machine image.machine ];
  "a path is run as WFVM's plain disk" = [ (run "/nix/store/x").spec.machine.accelerator "kvm" ];
  "a described image is run as it was installed" = [ (run image).spec.machine image.machine ];
  "overrides come one after the other" = [ twice.name "ab" ];
  "final is what all overrides have left" = [ twice.meta.description "ab" ];
  "an override does not change the original" = [ image.name "reference-guest.img" ];
}
