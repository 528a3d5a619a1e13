# An image that a Linux guest made, and a builder whose root it is.
{ pkgs, product, ... }:

let
  inherit (product) createEmptyImage runInLinuxImage runInLinuxVM;

  # The file system lies on the bare disk, as vmTools has it; its programs are Debian's own files.
  image = runInLinuxVM (pkgs.runCommand "linux-image"
    {
      accelerator = "tcg";
      memSize = 768;
      preVM = createEmptyImage { size = 64; fullName = "a root of a few programs"; };
      nativeBuildInputs = [ pkgs.e2fsprogs ];
      # Static, so it runs where there are no libraries.
      program = product.wfvm-nix-builder;
    } ''
    mkfs.ext4 -q /dev/vda
    mkdir /mnt
    mount -t ext4 /dev/vda /mnt
    mkdir -p /mnt/usr/bin /mnt/etc
    cp -L $program/bin/wfvm-nix-builder /mnt/usr/bin/native
    echo "native root" > /mnt/etc/issue
    umount /mnt
  '');

  # As nixpkgs' stdenv has a setup that a builder sources.
  stdenv = pkgs.runCommand "stdenv" { } ''
    mkdir $out
    cat > $out/setup <<'SETUP'
    export PATH=${pkgs.coreutils}/bin
    eval "''${postHook-}"
    SETUP
  '';

  inImage = attributes: script: runInLinuxImage (derivation ({
    name = "in-image";
    system = "x86_64-linux";
    builder = "${pkgs.bash}/bin/bash";
    args = [ "-e" "-c" ''
      first=$PATH
      source $stdenv/setup
      fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; exit 1; fi; }
      ${script}
    '' ];
    accelerator = "tcg";
    inherit stdenv;
    diskImage = image;
  } // attributes));

  inside = inImage
    {
      preVM = ''[ "$diskImage" = "$NIX_BUILD_TOP/disk-image.qcow2" ] && echo ran > xchg/preVM'';
      postHook = "own=hook";
    } ''
    fact "the root is the image's" "$(< /etc/issue)" "native root"
    fact "on its disk" "$(while read -r device at kind rest; do [ $at != / ] || echo $device $kind; done < /proc/mounts)" "/dev/vda ext4"
    fact "its programs are on PATH" "$PATH $SHELL $(native --version > /dev/null && echo runs)" "/usr/bin:/bin:/usr/sbin:/sbin /bin/sh runs"
    fact "also before any setup" "$first" /usr/bin:/bin:/usr/sbin:/sbin
    fact "after the hook comes the author's" "$own" hook
    fact "nothing is made Nix's own" "$fixupPhase" true
    fact "the author's preVM has run, too" "$(< /tmp/xchg/preVM)" ran
    echo changed > /etc/issue
    echo done > $out
  '';
in
pkgs.runCommand "check-linux-image" { inherit image inside; nativeBuildInputs = [ pkgs.qemu ]; } ''
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; exit 1; fi; }
  fact "an image has its name for people" "$(< $image/nix-support/full-name)" "a root of a few programs"
  fact "and is a qcow2 file" "$(qemu-img info $image/disk-image.qcow2 | sed -n 's/file format: //p')" qcow2
  fact "a builder in it has a result" "$(< $inside)" done
  touch $out
''
