# What nixpkgs' vmTools has and this has not: each says what to use.
let
  refuse = name: instead: throw "wfvm.${name}: ${instead}";
  function = name: instead: _: refuse name instead;
  linux = "this makes images of Windows, by `makeImageFromWindowsIso` and layers; for Linux use pkgs.vmTools";
in
builtins.mapAttrs function {
  extractMTDfs = "flash file systems are not read here; use pkgs.vmTools.extractMTDfs, or `extractFs` for a disk's";
  buildRPM = "${linux}.buildRPM";
  fillDiskWithRPMs = "${linux}.fillDiskWithRPMs";
  fillDiskWithDebs = "${linux}.fillDiskWithDebs";
  makeImageFromRPMDist = "${linux}.makeImageFromRPMDist";
  makeImageFromDebDist = "${linux}.makeImageFromDebDist";
  rpmClosureGenerator = "${linux}.rpmClosureGenerator";
  debClosureGenerator = "${linux}.debClosureGenerator";
}
