# The guest's read-only root: $guestPackages, $wine, $prefix, $programs,
# $standIns, $tasks and $bios to one squashfs, $out.

root=$NIX_BUILD_TOP/root
libraries=usr/lib/x86_64-linux-gnu
mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,mnt,root,etc/fonts,usr/bin,usr/sbin,usr/lib/reference-guest,$libraries}
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"

cp -r --no-preserve=mode,ownership "$wine/usr" "$root/"
chmod 755 "$root"/usr/lib/wine/*
mkdir "$root/usr/lib64"
for name in libc libm libgcc_s libunwind liblzma libz libfreetype libpng16 libbrotlidec \
  libbrotlicommon libbz2 libfontconfig libexpat libntfs-3g libresolv libnss_files libnss_dns; do
  cp -a "$guestPackages/$libraries/$name"[.-]*so* "$root/$libraries/"
done
cp -L "$guestPackages/usr/lib64/ld-linux-x86-64.so.2" "$root/usr/lib64/"
cp "$guestPackages/usr/sbin/mkntfs" "$root/usr/sbin/"
# Wine takes the character set of file names from the locale: without this one, ASCII.
mkdir "$root/usr/lib/locale"
cp -r --no-preserve=mode,ownership "$guestPackages/usr/lib/locale/C.utf8" "$root/usr/lib/locale/"

# No fonts but Wine's own: libfontconfig without a configuration and a place for
# its cache complains on the standard error of every program.
echo '<fontconfig><cachedir>/tmp/fontconfig</cachedir></fontconfig>' > "$root/etc/fonts/fonts.conf"
printf 'root:x:0:0:Administrator:/root:/bin/false\n' > "$root/etc/passwd"
printf 'root:x:0:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"

mkdir "$root/usr/lib/reference-guest/bios"
cp "$bios"/{boot,core}.img "$root/usr/lib/reference-guest/bios/"
printf '%s\n' 'ReferenceStandard RGSTD-22222-33333-44444-55555' \
  'ReferenceDatacenter RGDAT-22222-33333-44444-55555' > "$root/usr/lib/reference-guest/product-keys"

cp -r --no-preserve=mode,ownership "$prefix" "$root/prefix"
windows=$root/prefix/drive_c/windows
remove() { # PATH-BELOW-WINDOWS
  local path=${1//\\//}
  # Another spelling of the name may be Wine's stub of it: it must be gone, and
  # so must the file that Wine would load in its place.
  local existing
  existing=$(find "$windows" -ipath "$windows/$path")
  rm -f ${existing:+"$existing"}
  find "$root/$libraries/wine/x86_64-windows" -iname "$(basename "$path")" -delete
}
put() { # PROGRAM PATH-BELOW-WINDOWS
  local path=${2//\\//}
  remove "$2"
  mkdir -p "$(dirname "$windows/$path")"
  cp "$programs/$1" "$windows/$path"
}
while read -r path; do
  case $path in
    '' | '#'*) ;;
    '!'*) remove "${path#!}" ;;
    *) put stand-in.exe "$path" ;;
  esac
done < "$standIns"
put wshell.exe 'system32\wshell.exe'
put sshd.exe 'system32\OpenSSH\sshd.exe'

# The tasks of a fresh Windows, in the encoding that they have there: UTF-16 of
# ASCII characters behind a byte order mark, lines ended by both characters.
(cd "$tasks" && find . -type f) | while read -r task; do
  target=$windows/system32/Tasks/$task
  mkdir -p "$(dirname "$target")"
  { printf '\xff\xfe'; sed 's/$/\r/' "$tasks/$task" | LC_ALL=C sed -z 's/[^\x00]/&\x00/g'; } > "$target"
done

# lz4, because the guest reads it under emulation; 128 KiB blocks are read from
# a CD one by one. One order and one time: the same input gives the same bytes.
mksquashfs "$root" "$out" -comp lz4 -noappend -all-root -no-xattrs -no-progress -quiet \
  -processors "$NIX_BUILD_CORES"
