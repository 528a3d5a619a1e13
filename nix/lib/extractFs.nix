{ check, pkgs, ... }:

/** What is in a file system, as a directory in the store: from an image of a disk, a
   partition, a CD or a WIM. Nothing is mounted and nothing started.

   # Type

   extractFs :: { file, fs ?, partition ? } -> Derivation

   Where vmTools' function of this name leaves an empty directory behind a file that it
   cannot read, this fails, and says what it found instead. */
check.function "extractFs"
  {
    # The image: raw, qcow2, VHD or VHDX; or a directory with disk-image.qcow2, as vmTools has images.
    file = { type = check.file; };
    # Which file system is expected; null: the one that is found.
    fs = {
      type = check.nullOr (check.oneOf [ "cramfs" "ext2" "ext3" "ext4" "fat" "hfs" "hfsplus" "iso9660" "msdos" "ntfs" "squashfs" "udf" "vfat" "wim" ]);
      default = null;
    };
    # Of a disk, counted from 1 as in its table; of a WIM, the image.
    partition = { type = check.nullOr (check.int "an integer, counted from 1" 1); default = null; };
  }
  (given:
    pkgs.runCommand "extract-fs"
      {
        nativeBuildInputs = [ pkgs._7zz pkgs.qemu pkgs.wimlib pkgs.xorriso pkgs.gawk pkgs.findutils ];
        file = "${given.file}";
        fs = if given.fs == null then "" else given.fs;
        partition = if given.partition == null then "" else toString given.partition;
      }
      # Its strictness is its own.
      "(source ${../extract-fs.sh})")
