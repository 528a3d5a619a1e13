{ windowsDerivation, ... }:

/** A derivation whose builder runs in Windows. Its inputs are the drive `S:`, its outputs come back.

   # Type

   runInWindowsVM :: Derivation -> Derivation

   The image is the derivation's attribute `windowsImage` or `diskImage`: what makeWindowsImage
   returned, a qcow2 file, a directory with `disk-image.qcow2`, or `{ isoFile, productKey }`. A
   `buildCommand` is run by the shell of `windowsShell`; any other builder is run as it is. The
   result keeps `.overrideAttrs`, `meta` and `passthru`. */
drv: windowsDerivation { function = "runInWindowsVM"; image = null; } drv
