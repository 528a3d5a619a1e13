{ check, linuxVM, pkgs, ... }:

/** Bash that makes an empty disk, for `preVM`: it sets the variable `diskImage`.

   # Type

   createEmptyImage :: { size, fullName, destination ?, format ? } -> String

   `size` is in MiB. */
check.function "createEmptyImage"
  {
    # In MiB; digits in a string are a number, too.
    size = { type = linuxVM.numeric 1 "an integer number of MiB"; };
    fullName = { type = check.string; };
    # A word of bash, so that `$out` is what it is there.
    destination = { type = check.string; default = "$out"; };
    format = { type = check.oneOf [ "qcow2" "raw" ]; default = "qcow2"; };
  }
  (arguments:
    let file = "disk-image.${if arguments.format == "raw" then "raw" else "qcow2"}"; in
    ''
      mkdir -p ${arguments.destination}
      diskImage=${arguments.destination}/${file}
      ${pkgs.qemu}/bin/qemu-img create -f ${arguments.format} $diskImage "${toString arguments.size}M"
      mkdir -p ${arguments.destination}/nix-support
      echo "${arguments.fullName}" > ${arguments.destination}/nix-support/full-name
    '')
