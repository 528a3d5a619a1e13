{ linuxVM, ... }:

let
  # Where a distribution has its programs.
  native = { PATH = "/usr/bin:/bin:/usr/sbin:/sbin"; SHELL = "/bin/sh"; };
in
/** Builds a derivation in a Linux guest whose root is on a disk image.

   # Type

   runInLinuxImage :: Derivation -> Derivation

   The derivation's `diskImage` is the image, a file or a directory with
   `disk-image.qcow2`; the guest writes to a copy of it. */
linuxVM.wrap {
  function = "runInLinuxImage";
  change = attributes: {
    # Whatever stdenv's setup puts there, the image's own programs come first.
    postHook = ''
      PATH=${native.PATH}
      SHELL=${native.SHELL}
      eval "$origPostHook"
    '';
    origPostHook = attributes.postHook or "";
    # Nothing of the image's is to be changed into Nix's.
    fixupPhase = "true";
  };
  settled = settings:
    if settings.diskImage == null then throw "wfvm.runInLinuxImage: `diskImage` is missing: it should be an image, a file or a directory with disk-image.qcow2."
    else settings // {
      overlay = true;
      mountDisk = if settings.mountDisk == false then true else settings.mountDisk;
      environment = native;
    };
}
