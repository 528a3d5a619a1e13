# Templates as values: what is built, by whom, what is taken where an image is, and what
# is refused. Nothing is built for this.
{ facts, pkgs, product, wfvm-nix-builder, ... }:

let
  inherit (builtins) attrNames attrValues elem head map tryEval;

  arguments = { guestOs = "reference-guest"; accelerator = "tcg"; windowsImage = pkgs.writeText "medium" ""; };
  layer = number: { name = "layer ${toString number}"; script = "echo ${toString number}"; };
  image = product.makeWindowsImage (arguments // { layers = [ (layer 1) (layer 2) ]; });
  windows = product.makeWindowsImage { windowsImage = pkgs.writeText "medium" ""; users.alice = { password = "x"; }; login = "alice"; autoLogon = "alice"; };
  template = image.revived;
  revive = product.reviveWindowsVM;

  third = template.layer (layer 3);
  fast = product.makeWindowsImage (arguments // { layers = [ (layer 1) (layer 2) ]; reviveLayers = true; });

  machine = image: map (program: program.drvPath) (attrValues (import ../nixos/programs.nix {
    inherit pkgs;
    name = "x";
    declared = {
      inherit image;
      keepState = true;
      onNewImage = "keep";
      cores = null;
      memoryMib = null;
      isolateNetwork = true;
      forwardedPorts = [ ];
      vnc = true;
      extraQemuFlags = [ ];
    };
  }));
  command = attributes: pkgs.runCommand "command" attributes "echo x> %out%";
  run = given: (product.wfvm-run ({ name = "x"; image = template; script = ""; } // given)).spec;
  problems = given: revive.problems ({ inherit image; } // given);
  refused = value: !(tryEval (builtins.deepSeq value value)).success;
  path = "/nix/store/00000000000000000000000000000000-RESTRICTDIST-x.qcow2";
in
facts "revive" {
  "a template is built by the whole program" = [ [ template.builder template.args ] [ "${wfvm-nix-builder}/bin/wfvm-nix-builder" [ "template" ] ] ];
  "its spec is an attribute" = [ template.drvAttrs.spec template.spec ];
  "which has these fields" = [ (attrNames template.spec) [ "image" "letters" "login" "machine" "name" "state" "timeouts" "tools" "warmUp" "wfvmSpec" ] ];
  "it is of the image, as that is started" =
    [ { inherit (template.spec) image machine login; } { image = "${image}"; inherit (image) machine login; } ];
  "what is not said is not in it" = [ { inherit (template.spec) warmUp timeouts; } { warmUp = [ ]; timeouts = { }; } ];
  "what is said is" =
    [ { inherit ((revive { inherit image; warmUp = [ "ver" ]; timeouts.settleSeconds = 5; }).spec) warmUp timeouts; }
      { warmUp = [ "ver" ]; timeouts.settleSeconds = 5; } ];
  "a machine may be another" =
    [ (let spec = (revive { inherit image; memoryMib = 700; rtcBase = "utc"; }).spec; in [ spec.machine.memoryMib spec.machine.rtcBase spec.machine.cores ])
      [ 700 "utc" image.machine.cores ] ];
  "KVM is asked for where the machine has it" =
    [ (map (given: (revive given).requiredSystemFeatures) [ windows image { image = windows; accelerator = "tcg"; } ]) [ [ "kvm" ] [ ] [ ] ] ];
  "an account is one of the image's" =
    [ (map (user: (tryEval (revive { image = windows; inherit user; }).spec.login.user).value) [ null "alice" "bob" ]) [ "alice" "alice" false ] ];
  "what must not be redistributed carries its mark" =
    [ (map (given: (revive given).name) [ windows { image = windows; name = "eight"; } path windows.dir ])
      [ "RESTRICTDIST-windows.template" "RESTRICTDIST-eight.template" "RESTRICTDIST-x.template" "RESTRICTDIST-windows.template" ] ];
  "what may be does not" = [ (map (given: (revive given).name) [ image "/disk.qcow2" ]) [ "layer-2.template" "disk.template" ] ];
  "a licence goes with it" = [ (image.overrideAttrs { meta = { license = "mine"; timeout = 1; }; }).revived.meta { license = "mine"; } ];
  "a path is started as wfvm-run starts one" =
    [ { inherit ((revive path).spec) machine login; } { inherit ((product.wfvm-run { name = "x"; image = path; script = ""; }).spec) machine login; } ];
  "it can be overridden" = [ (template.overrideAttrs (old: { spec = old.spec // { warmUp = [ "ver" ]; }; })).drvPath (revive { inherit image; warmUp = [ "ver" ]; }).drvPath ];

  "an image alone is the argument, too" = [ (revive { inherit image; }).drvPath template.drvPath ];
  "so is its directory" = [ (revive image.dir).spec.image "${image.dir}" ];
  "whose own template is the image's" = [ image.dir.revived.drvPath template.drvPath ];
  "every image has one" = [ (map (image: image.revived.spec.image) ([ image.base ] ++ image.layers)) (map toString ([ image.base ] ++ image.layers)) ];
  "so has a compact one" = [ (product.makeWindowsImage (arguments // { compact = true; })).revived.isTemplate true ];
  "a template's template is itself" = [ (map (template: template.drvPath) [ (revive template) template.revived (revive { image = template; }) ]) [ template.drvPath template.drvPath template.drvPath ] ];
  "and is no image of another" = [ (refused (revive { image = template; memoryMib = 700; }).drvPath) true ];
  "it tells what it is of" =
    [ { inherit (template) isTemplate machine login logins; image = template.image.drvPath; base = template.base.drvPath; }
      { isTemplate = true; inherit (image) machine login logins; image = image.drvPath; base = image.base.drvPath; } ];

  "wfvm-run takes it" = [ { inherit (run { }) image machine login; } { image = "${template}"; inherit (template) machine login; } ];
  "on the machine that it was frozen on" =
    [ (product.wfvm-run { name = "x"; image = revive { inherit image; memoryMib = 700; }; script = ""; }).spec.machine.memoryMib 700 ];
  "template.run is that" = [ (template.run { name = "x"; script = ""; }).drvPath (product.wfvm-run { name = "x"; image = template; script = ""; }).drvPath ];
  "template.debug is called as the image's" = [ [ template.debug.meta.mainProgram template.debug.spec.image ] [ image.debug.meta.mainProgram "${template}" ] ];
  "runInWindowsVM takes it by either name" =
    [ (map (attributes: (product.runInWindowsVM (command attributes)).spec.image) [ { windowsImage = template; } { diskImage = template; } ]) [ "${template}" "${template}" ] ];
  "runInWindowsImage, too, with its machine and account" =
    [ (let spec = (product.runInWindowsImage template (command { baseRtc = template.machine.rtcBase; })).spec; in { inherit (spec) image machine login; })
      { image = "${template}"; inherit (template) machine login; } ];
  "another memory is passed on" = [ (product.runInWindowsImage template (command { memSize = 2048; })).spec.machine.memoryMib 2048 ];
  "its shell is the image's" =
    [ ((image.overrideAttrs (old: { passthru = old.passthru // { windowsShell = "powershell"; }; })).revived).windowsShell "powershell" ];
  "a disk that is kept is booted: the test script is the image's" =
    [ (product.makeImageTestScript template).drvPath (product.makeImageTestScript image).drvPath ];
  "so is the disk of a machine that a NixOS declares" = [ (machine template) (machine image) ];

  "a layer starts from the template" = [ [ third.spec.parent third.args ] [ "${template}" [ "layer" ] ] ];
  "and stands on its image" =
    [ { parent = third.parent.drvPath; base = third.base.drvPath; layers = map (image: image.name) third.layers; inherit (third) name machine; }
      { parent = image.drvPath; base = image.base.drvPath; layers = [ "layer-1.img" "layer-2.img" "layer-3.img" ]; name = "layer-3.img"; inherit (image) machine; } ];
  "without the template in it" = [ (map toString third.drvAttrs.outputChecks.out.disallowedReferences) [ "${template}" ] ];
  "on the template's machine" =
    [ (let wide = (revive { inherit image; memoryMib = 700; }).layer (layer 3); in [ wide.spec.machine.memoryMib wide.machine.memoryMib ]) [ 700 image.machine.memoryMib ] ];
  "a layer on a path's template has a base" = [ ((revive path).layer (layer 3)).base path ];
  "and the mark" = [ (map (template: (template.layer (layer 3)).name) [ (revive path) windows.revived ]) [ "RESTRICTDIST-layer-3.img" "RESTRICTDIST-layer-3.img" ] ];
  "a layer's record is looked at" =
    [ (map (record: refused (template.layer record).drvPath) [ { name = "x"; } { name = "x"; script = ""; buildInput = [ ]; } 3 { name = "x"; script = ""; strict = false; } ])
      [ true true true false ] ];
  "reviveLayers starts each layer from a template of the image below" =
    [ (map (layer: layer.spec.parent) fast.layers) [ "${fast.base.revived}" "${(head fast.layers).revived}" ] ];
  "which changes nothing else of the image" =
    [ { names = map (image: image.name) fast.layers; parent = fast.parent.name; base = fast.base.drvPath; }
      { names = map (image: image.name) image.layers; parent = image.parent.name; base = image.base.drvPath; } ];
  "without it no layer knows templates" = [ (image ? outputChecks || elem "${template}" [ image.spec.parent ]) false ];

  "a misspelt argument is answered with the nearest name" = [ (problems { memryMib = 1; }) [ "there is no `memryMib`. Did you mean `memoryMib`?" ] ];
  "its deadlines are those of its spec" =
    [ (problems { timeouts = { bootSeconds = 1; warmUpSeconds = 1; settleSeconds = 1; freezeSeconds = 1; }; }) [ ] ];
  "a misspelt deadline is answered so, too" = [ (problems { timeouts.settelSeconds = 1; }) [ "there is no `timeouts.settelSeconds`. Did you mean `settleSeconds`?" ] ];
  "an argument of another type is named" = [ (problems { warmUp = "ver"; }) [ ''`warmUp` is a string ("ver"), but it should be a list, each item a string.'' ] ];
  "an image is asked for" = [ (map revive.problems [ { } 3 ]) [
    [ "`image` is missing: it should be a derivation, a path, or a string that names a store path." ]
    [ "`image` is the integer 3, but it should be a derivation, a path, or a string that names a store path." ]
  ] ];
  "what the arguments refuse, the function refuses" = [ (refused (revive { inherit image; memryMib = 1; }).drvPath) true ];
}
