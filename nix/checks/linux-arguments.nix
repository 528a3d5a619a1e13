# What runInLinuxVM makes of a derivation, whoever made that, and what it refuses.
{ facts, pkgs, product, ... }:

let
  inherit (product) createEmptyImage runInLinuxImage runInLinuxVM;
  inherit (builtins) match tryEval;

  given = { name = "given"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "true" ]; };
  plain = derivation (given // { outputs = [ "out" "dev" ]; requiredSystemFeatures = [ "big-parallel" ]; });
  made = pkgs.runCommand "made" { meta.description = "d"; passthru.extra = 1; } "true";
  vm = runInLinuxVM made;

  of = attributes: (runInLinuxVM (derivation (given // attributes))).spec;
  refuses = attributes: !(tryEval (runInLinuxVM (derivation (given // attributes))).drvPath).success;
in
facts "linux-arguments" {
  "the builder is ours" = [ (match ".*/bin/wfvm-nix-builder" vm.builder != null) true ];
  "with a spec" = [ vm.args ([ "linux" "--spec" "${vm.specFile}" "--" ] ++ map (word: "${word}") made.args) ];
  "what runs in the guest stays known" = [ [ vm.origBuilder vm.origArgs ] [ made.builder made.args ] ];
  "and is in the spec" = [ [ (of { }).builder (of { }).args ] [ "/bin/sh" [ "-c" "true" ] ] ];
  "kvm is added to the features" = [ (runInLinuxVM plain).requiredSystemFeatures [ "big-parallel" "kvm" ] ];
  "and not twice" = [ (runInLinuxVM (derivation (given // { requiredSystemFeatures = [ "kvm" ]; }))).requiredSystemFeatures [ "kvm" ] ];
  "nor where it is not used" = [ (runInLinuxVM (derivation (given // { accelerator = "tcg"; }))).requiredSystemFeatures [ ] ];
  "outputs are those of the derivation" = [ (runInLinuxVM plain).outputs [ "out" "dev" ] ];
  "and each is one of the result's" = [ ((runInLinuxVM plain).dev.drvPath == (runInLinuxVM plain).drvPath) true ];
  "meta and passthru stay" = [ [ vm.meta.description vm.extra vm.name ] [ "d" 1 "made" ] ];
  "an override reaches the guest" = [ (vm.overrideAttrs (_: { memSize = 700; })).spec.memoryMib 700 ];
  "one of a plain derivation as well" = [ ((runInLinuxVM plain).overrideAttrs (old: { memSize = 700; name = old.name + "x"; })).spec.memoryMib 700 ];
  "an override changes the derivation" = [ ((vm.overrideAttrs (_: { memSize = 700; })).drvPath == vm.drvPath) false ];
  "one without a change does not" = [ ((vm.overrideAttrs (_: { })).drvPath) vm.drvPath ];
  "memory is 512 MiB" = [ (of { }).memoryMib 512 ];
  "a number may be a string" = [ (of { memSize = "2048"; }).memoryMib 2048 ];
  "truth may be a string" = [ (of { enableParallelBuilding = "1"; }).parallel true ];
  "structured attributes are read" = [ (of { __structuredAttrs = true; memSize = 600; env = { QEMU_OPTS = "-x"; }; }).qemuOptions "-x" ];
  "mountDisk is the first disk" = [ (of { mountDisk = true; }).rootDevice "/dev/vda" ];
  "or a device" = [ (of { mountDisk = "/dev/vdb"; }).rootDevice "/dev/vdb" ];
  "or nothing" = [ ((of { mountDisk = ""; }) ? rootDevice) false ];
  "a size that is none is refused" = [ (refuses { memSize = "2G"; }) true ];
  "so is a guest that is too small" = [ (refuses { memSize = 32; }) true ];
  "so is an accelerator that is none" = [ (refuses { accelerator = "hvf"; }) true ];
  "so is what is no derivation" = [ (tryEval (runInLinuxVM { })).success false ];
  "an image must be given" = [ (tryEval (runInLinuxImage (derivation given)).drvPath).success false ];
  "a root on an image is the first disk" = [ (runInLinuxImage (derivation (given // { diskImage = "/image"; }))).spec.rootDevice "/dev/vda" ];
  "or what the author says" = [ (runInLinuxImage (derivation (given // { diskImage = "/image"; mountDisk = "/dev/vda1"; }))).spec.rootDevice "/dev/vda1" ];
  "the image itself is not written" = [ (runInLinuxImage (derivation (given // { diskImage = "/image"; }))).spec.overlay true ];
  "an author's hook is kept" = [ (runInLinuxImage (derivation (given // { diskImage = "/image"; postHook = "x"; }))).origPostHook "x" ];
  "an empty image is bash that names its disk" =
    [ (match ".*diskImage=[$]out/disk-image.qcow2\n.*" (createEmptyImage { size = 1; fullName = "x"; }) != null) true ];
  "its place may be another" =
    [ (match ".*diskImage=there/disk-image.raw\n.*" (createEmptyImage { size = "1"; fullName = "x"; destination = "there"; format = "raw"; }) != null) true ];
}
