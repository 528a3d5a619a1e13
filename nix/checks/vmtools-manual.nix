# What nixpkgs' manual shows of vmTools means the same here, with another attribute set
# in its place. The manual opens the set by `with`, so these do, too.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) deepSeq isString length readFile split tryEval;

  hello = pkgs.runCommand "hello" { } "echo hello > $out";
  iso = pkgs.writeText "image.iso" "";
  wfvm = product;

  evaluates = derivation: isString derivation.drvPath;
  refused = value: !(tryEval (deepSeq value value)).success;
  # What is thrown cannot be read by an expression; where it is written can.
  told = file: words: length (split words (readFile file)) > 1;
in
facts "vmtools-manual" {
  "createEmptyImage is a piece of bash" = [ (isString (with wfvm; createEmptyImage { size = 1024; fullName = "vm-image"; })) true ];
  "runInLinuxVM of a package" = [ (evaluates (with wfvm; runInLinuxVM hello)) true ];
  "runInLinuxVM with more memory" = [ (evaluates (with wfvm; runInLinuxVM (hello.overrideAttrs (_: { memSize = 1024; })))) true ];
  "runInLinuxVM with a disk" =
    [ (evaluates (with wfvm; runInLinuxVM (hello.overrideAttrs (_: { preVM = createEmptyImage { size = 1024; fullName = "vm-image"; }; })))) true ];
  "runInLinuxImage, which the manual describes in words" =
    [ (evaluates (with wfvm; runInLinuxImage (hello.overrideAttrs (_: { diskImage = iso; diskImageFormat = "raw"; memSize = 512; })))) true ];
  "runInWindowsVM, in the place of runInLinuxVM" =
    [ (evaluates (with wfvm; runInWindowsVM (hello.overrideAttrs (_: { windowsImage = diskImages.windows11x86_64; memSize = 4096; })))) true ];
  "and in an image's directory" = [ (evaluates (with wfvm; runInWindowsVM (hello.overrideAttrs (_: { diskImage = diskImages.windows11x86_64.dir; })))) true ];
  "extractFs of a file" = [ (evaluates (with wfvm; extractFs { file = iso; })) true ];
  "extractFs of a file system of a kind" = [ (evaluates (with wfvm; extractFs { file = iso; fs = "iso9660"; })) true ];
  "a kind that is not read is refused" = [ (refused (with wfvm; extractFs { file = iso; fs = "ufs"; }).drvPath) true ];
  "makeImageTestScript of an image" = [ (evaluates (with wfvm; makeImageTestScript diskImages.windows11x86_64)) true ];
  "diskImageFuns with packages and a size" =
    [ (evaluates (with wfvm; diskImageFuns.windowsserver2022x86_64 { extraPackages = [ layers.vc-redist ]; size = 40 * 1024; })) true ];
  "diskImageFuns with the manual's size" = [ (evaluates (with wfvm; diskImageFuns.referenceguestx86_64 { size = 8192; })) true ];
  "diskImageExtraFuns" = [ (evaluates (with wfvm; diskImageExtraFuns.windows10x86_64 [ layers.vc-redist ])) true ];
  "diskImages" = [ (evaluates (with wfvm; diskImages.windows10x86_64)) true ];

  "an image of Linux is refused, in each of its three sets" =
    [ (map refused (with wfvm; [ diskImages.ubuntu2004x86_64 (diskImageFuns.ubuntu2004x86_64 { }) (diskImageExtraFuns.fedora27x86_64 [ ]) ])) [ true true true ] ];
  "with where it is" = [ (told ../lib/diskImageFuns.nix "pkgs\\.vmTools\\.diskImageFuns\\.") true ];
  "so is extractMTDfs" = [ (refused (with wfvm; extractMTDfs { file = iso; })) true ];
  "and buildRPM" = [ (refused (with wfvm; buildRPM { name = "x"; src = hello; })) true ];
  "with nixpkgs' own" = [ (told ../not-carried.nix "pkgs\\.vmTools") true ];
}
