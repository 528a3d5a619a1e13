# What runInWindowsVM makes of a derivation, without a build.
{ facts, pkgs, product, ... }:

let
  image = product.demoImage;
  forKvm = product.makeWindowsImage { guestOs = "reference-guest"; };
  raw = attributes: derivation ({ name = "raw"; system = "x86_64-windows"; builder = "cmd.exe"; } // attributes);
  command = attributes: pkgs.runCommand "command" ({ windowsImage = image; meta.description = "d"; passthru.tests = 7; } // attributes) "echo x> %out%";
  run = product.runInWindowsVM;
  refused = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  twice = run (run (command { })).unwrapped;
  iso = run (raw { windowsImage = { isoFile = product.referenceGuest; productKey = "RGSTD-22222-33333-44444-55555"; }; });
in
facts "run-in-windows" {
  "the builder is ours" = [ (builtins.match ".*/bin/wfvm-nix-builder" (run (command { })).builder != null) true ];
  "the system is the host's" = [ (run (raw { windowsImage = image; })).system pkgs.stdenv.hostPlatform.system ];
  "the other one is told" = [ (run (raw { windowsImage = image; })).guestSystem "x86_64-windows" ];
  "the derivation itself is there" = [ (run (command { })).unwrapped.drvPath (command { }).drvPath ];
  "meta and passthru stay" = [ [ (run (command { })).meta.description (run (command { })).passthru.tests ] [ "d" 7 ] ];
  "so do outputs" = [ (run (command { outputs = [ "out" "doc" ]; })).outputs [ "out" "doc" ] ];
  "an image for KVM wants a machine that has it, beside what was wanted" =
    [ (run (raw { windowsImage = forKvm; requiredSystemFeatures = [ "big-parallel" ]; })).drvAttrs.requiredSystemFeatures [ "big-parallel" "kvm" ] ];
  "TCG wants none" = [ (run (raw { windowsImage = forKvm; accelerator = "tcg"; })).drvAttrs.requiredSystemFeatures [ ] ];
  "an override is of the derivation, and stays one" =
    [ ((run (command { })).overrideAttrs { word = "new"; }).drvPath (run (command { word = "new"; })).drvPath ];
  "and may be repeated" =
    [ (((run (command { })).overrideAttrs { word = "old"; }).overrideAttrs (old: { word = "${old.word}er"; })).drvPath
      (run (command { word = "older"; })).drvPath ];
  "attributes for us do not reach the builder" = [ ((run (command { memSize = 2048; })).drvAttrs ? memSize) false ];
  "memory is in MiB, also as a string" =
    [ (map (memSize: (run (command { inherit memSize; })).spec.machine.memoryMib) [ 2048 "2048" ]) [ 2048 2048 ] ];
  "attributes may stand in passthru" = [ (run (command { passthru.memSize = 3000; })).spec.machine.memoryMib 3000 ];
  "an image may be its directory" = [ (run (command { windowsImage = image.dir; })).spec.image "${image.dir}" ];
  "or `diskImage`" = [ (run (command { windowsImage = null; diskImage = image; })).image image ];
  "or an ISO, which is installed" = [ iso.image.spec.answerFile.productKey "RGSTD-22222-33333-44444-55555" ];
  "the clock is the host's unless one is named" =
    [ (map (given: (run (command given)).spec.machine.rtcBase) [ { } { baseRtc = "2022-10-10T10:10:10"; } ]) [ "utc" "2022-10-10T10:10:10" ] ];
  "an argument may be curried" = [ (product.runInWindowsImage image (command { windowsImage = null; })).drvPath (run (command { })).drvPath ];
  "what was run once is what runs again" = [ twice.drvPath (run (command { })).drvPath ];
  "no image, no derivation" = [ (refused (run (raw { })).drvPath) true ];
  "a derivation is asked for" = [ (refused (run { }).drvPath) true ];
}
