{ linuxVM, ... }:

/** Builds a derivation in a Linux guest: the same derivation, whose builder is
   started by QEMU's kernel.

   # Type

   runInLinuxVM :: Derivation -> Derivation

   Attributes of the derivation say what the guest is: `memSize`, `preVM`,
   `diskImage` and so on, as for nixpkgs' `vmTools.runInLinuxVM`. */
linuxVM.wrap {
  function = "runInLinuxVM";
  settled = settings: settings // {
    overlay = false;
    environment = { };
  };
}
