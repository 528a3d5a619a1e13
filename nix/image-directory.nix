# An image as vmTools keeps one, for whom takes no other: a directory with the disk
# and the name that it has for people.
{ pkgs, product, ... }:
image:

# Named as the image is, because of what must not be redistributed.
pkgs.runCommand "${image.name}.dir"
  {
    fullName = image.fullName or (import ./plain-name.nix image.name);
    # It is started as the image is.
    passthru = import ./described.nix image // { revived = product.reviveWindowsVM image; };
  } ''
  mkdir -p $out/nix-support
  ln -s ${image} $out/disk-image.qcow2
  ${if image.state or null == null then "" else "ln -s ${image.state} $out/state"}
  printf '%s\n' "$fullName" > $out/nix-support/full-name
''
