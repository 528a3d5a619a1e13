# Images of releases by their names, in vmTools' words.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) attrNames attrValues concatLists filter head isString length map match seq tryEval;
  inherit (product) diskImageExtraFuns diskImageFuns diskImages makeImageFromWindowsIso makeWindowsImage windowsReleases;

  reference = diskImageFuns.referenceguestx86_64;
  windows = diskImageFuns.windows11x86_64;
  layer = name: { inherit name; script = ""; };
  layers = [ (layer "one") (layer "two") ];
  names = image: map (layer: layer.spec.name) image.layers;
  refused = value: !(tryEval (seq value.drvPath value)).success;
  medium = pkgs.writeText "windows.iso" "";

  keys = release: concatLists (map (edition: edition.productKeys) (attrValues release.editions));
in
facts "disk-images" {
  "the reference guest is the demo's image, so that it is built once" = [ diskImages.referenceguestx86_64.drvPath product.demoImage.drvPath ];
  "every release evaluates without a medium" =
    [ (attrNames windowsReleases) (filter (name: isString diskImages.${name}.drvPath) (attrNames windowsReleases)) ];
  "its name is the image's, which Hydra knows as Microsoft's" = [ diskImages.windows11x86_64.name "RESTRICTDIST-windows-11.img" ];
  "and no other release's" =
    [ (length (attrNames (builtins.listToAttrs (map (image: { inherit (image) name; value = null; }) (map (name: diskImages.${name}) (attrNames windowsReleases))))))
      (length (attrNames windowsReleases)) ];
  "`fullName` is on the result" = [ diskImages.windowsserver2022x86_64.fullName "Windows Server 2022 (x86_64)" ];
  "`size` is in MiB" = [ (reference { size = 8192; }).spec.diskMib 8192 ];
  "`memSize` may be a string of digits" = [ (reference { memSize = "2048"; }).machine.memoryMib 2048 ];
  "`QEMU_OPTS` is split at blanks" = [ (reference { QEMU_OPTS = " -device  virtio-rng-pci"; }).machine.extraQemuFlags [ "-device" "virtio-rng-pci" ] ];
  "and has no quotation" = [ (refused (reference { QEMU_OPTS = "-name 'a b'"; })) true ];
  "`extraPackages` are layers, after those of `packages`, and `postInstall` is the last" =
    [ (names (reference { packages = [ (layer "one") ]; extraPackages = [ (layer "two") ]; postInstall = "true"; })) [ "one" "two" "reference-guest-post-install" ] ];
  "diskImageExtraFuns is the short form" =
    [ (diskImageExtraFuns.referenceguestx86_64 layers).drvPath (reference { extraPackages = layers; }).drvPath ];
  "an edition is chosen by its EDITIONID" = [ (windows { edition = "ProfessionalN"; }).spec.image { edition = "ProfessionalN"; } ];
  "or by the image's name" = [ (windows { edition = "Windows 11 Pro N"; }).spec.image { name = "Windows 11 Pro N"; } ];
  "or by its number" = [ (windows { edition.index = 6; }).spec.image { index = 6; } ];
  "a server's without a desktop, too" =
    [ (diskImageFuns.windowsserver2022x86_64 { edition = "ServerStandardCore"; }).spec.image { edition = "ServerStandardCore"; } ];
  "`language` is that of everything" =
    [ (builtins.intersectAttrs { uiLanguage = 0; inputLocale = 0; userLocale = 0; systemLocale = 0; } (windows { language = "de-DE"; inputLocale = "fr-FR"; }).spec.answerFile)
      { uiLanguage = "de-DE"; inputLocale = "fr-FR"; userLocale = "de-DE"; systemLocale = "de-DE"; } ];
  "too small a disk is refused" = [ (refused (windows { size = 4096; })) true ];
  "all that makeWindowsImage takes is taken" = [ (windows { tpm = true; cores = 8; }).machine.cores 8 ];
  "a misspelt argument is answered with the nearest name" =
    [ (windows.problems { extraPackage = [ ]; }) [ "there is no `extraPackage`. Did you mean `extraPackages`?" ] ];
  "a package of Linux is no layer" =
    [ (match ".*is a string \\(\"firefox\"\\), but it should be.*" (head (windows.problems { extraPackages = [ "firefox" ]; })) != null) true ];
  "a release that is changed is an argument like any other" =
    [ (makeImageFromWindowsIso (windowsReleases.windows11x86_64 // { name = "mine"; iso = medium; })).name "RESTRICTDIST-mine.img" ];
  "it is makeWindowsImage's image" =
    [ (windows { iso = medium; edition = "ProfessionalN"; size = 70 * 1024; name = "windows"; }).drvPath (makeWindowsImage { guestOs = "windows-11"; windowsImage = medium; imageSelection.edition = "ProfessionalN"; }).drvPath ];
  "a medium that is missing says how to give one" =
    [ (match ".*nix-store --add-fixed sha256 windows-10.iso.*" (builtins.replaceStrings [ "\n" ] [ " " ] diskImageFuns.windows10x86_64.fields.iso.default.message) != null) true ];
  "the keys are those of the installation, which has many" = [ (length (keys windowsReleases.windows10x86_64) > 20) true ];
  "each server has its own" = [ windowsReleases.windowsserver2022x86_64.editions.ServerStandardCore.productKeys [ "VDYBN-27WPP-V4HQT-9VMD4-VMK7H" ] ];
  "an image of Linux is refused" = [ (tryEval diskImages.debian12x86_64).success false ];
  "so is what vmTools has for Linux alone" = [ (tryEval (product.extractMTDfs { file = medium; })).success false ];
  "the directory of Microsoft's image is not redistributed either" = [ diskImages.windows11x86_64.dir.name "RESTRICTDIST-windows-11.img.dir" ];
}
