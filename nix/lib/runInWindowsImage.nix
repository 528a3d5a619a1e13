{ windowsDerivation, ... }:

/** runInWindowsVM in a given image, so that the derivation needs no attribute for it.

   # Type

   runInWindowsImage :: Image -> Derivation -> Derivation */
image: drv: windowsDerivation { function = "runInWindowsImage"; inherit image; } drv
