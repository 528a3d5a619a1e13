# GRUB for BIOS: $out/etfsboot.com starts from the CD (El Torito), boot.img and
# core.img from the first sectors of an installed disk.

libraries=$guestPackages/usr/lib/x86_64-linux-gnu
modules=$guestPackages/usr/lib/grub/i386-pc
mkdir -p "$out"
image() {
  "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$guestPackages/usr/bin/grub-mkimage" \
    --directory "$modules" --compression none "$@"
}
sed "s|@commandLine@|$commandLine|" "$cdConfiguration" > cd.cfg
sed "s|@commandLine@|$commandLine|" "$diskConfiguration" > disk.cfg
image --format i386-pc-eltorito --output "$out/etfsboot.com" --prefix '(cd)/boot' --config cd.cfg \
  biosdisk iso9660 linux16
# Without an own block list, boot.img reads core.img from the sector after it.
image --format i386-pc --output "$out/core.img" --prefix '(hd0)/boot' --config disk.cfg \
  biosdisk part_msdos fat ntfs search_fs_file linux16 echo
cp "$modules/boot.img" "$out/"

# The gap before a first partition at 1 MiB must hold it.
size=$(stat -c %s "$out/core.img")
(( size <= 1024 * 1024 - 512 )) || { echo "core.img has $size bytes, too many for the gap" >&2; exit 1; }
