# The images of the medium: $rootfs to $out/{install,boot}.wim.
mkdir -p "$out" content
ln "$rootfs" content/Windows.sqfs 2> /dev/null || cp "$rootfs" content/Windows.sqfs

edition() { # EDITION-ID NAME
  properties=(
    "NAME=$2" "DESCRIPTION=$2 (stand-in for Windows)" "FLAGS=$1"
    "DISPLAYNAME=$2" "DISPLAYDESCRIPTION=$2 (stand-in for Windows)"
    WINDOWS/ARCH=9 "WINDOWS/PRODUCTNAME=Reference Guest" "WINDOWS/EDITIONID=$1"
    WINDOWS/INSTALLATIONTYPE=Client WINDOWS/PRODUCTTYPE=WinNT WINDOWS/PRODUCTSUITE=
    'WINDOWS/LANGUAGES/LANGUAGE[1]=en-US' 'WINDOWS/LANGUAGES/LANGUAGE[2]=de-DE' WINDOWS/LANGUAGES/DEFAULT=en-US
    WINDOWS/VERSION/{MAJOR=10,MINOR=0,BUILD=19043,SPBUILD=928,SPLEVEL=0}
    WINDOWS/SYSTEMROOT=WINDOWS
  )
}
preinstallation() { # NAME
  properties=(
    "NAME=$1" "DESCRIPTION=$1" FLAGS=9 WINDOWS/ARCH=9 "WINDOWS/PRODUCTNAME=Reference Guest"
    WINDOWS/EDITIONID=WindowsPE WINDOWS/INSTALLATIONTYPE=WindowsPE WINDOWS/PRODUCTTYPE=WinNT
    'WINDOWS/LANGUAGES/LANGUAGE[1]=en-US' WINDOWS/LANGUAGES/DEFAULT=en-US
    WINDOWS/VERSION/{MAJOR=10,MINOR=0,BUILD=19043,SPBUILD=928,SPLEVEL=0}
  )
}
put() { # capture|append WIM DIRECTORY OPTION…
  find "$3" -exec touch -hmd "@$SOURCE_DATE_EPOCH" {} +
  # The image records times of access, which reading changes unless they are in
  # the future (mount option relatime).
  find "$3" -exec touch -had 2100-01-01 {} +
  wimlib-imagex "$1" "$3" "$2" "${properties[0]#NAME=}" --compress=none --no-acls --threads="$NIX_BUILD_CORES" \
    "${@:4}" "${properties[@]/#/--image-property=}" > /dev/null
}

edition ReferenceStandard 'Reference Guest Standard'
put capture "$out/install.wim" content
edition ReferenceDatacenter 'Reference Guest Datacenter'
printf 'ReferenceDatacenter\r\n' > content/edition.txt
# Without --rebuild the first XML stays behind, as a hole with old times.
put append "$out/install.wim" content --rebuild

mkdir preinstallation
printf 'The kernel and initrd beside this file play the part of Windows PE.\r\n' > preinstallation/README.txt
preinstallation 'Microsoft Windows PE (x64)'
put capture "$out/boot.wim" preinstallation
preinstallation 'Microsoft Windows Setup (x64)'
put append "$out/boot.wim" preinstallation --boot --rebuild

# What differs between two builds: the identifier in the header's bytes 24 to
# 39, and the times in the XML, in units of 100 ns since 1601 (FILETIME). The
# header gives the XML's size (7 bytes at 72) and place (8 bytes at 80); it is
# UTF-16 of ASCII characters behind a byte order mark.
filetime=$(((SOURCE_DATE_EPOCH + 11644473600) * 10000000))
high=$(printf %08X $((filetime >> 32))) low=$(printf %08X $((filetime & 0xffffffff)))
identifier=$(md5sum <<< "$rootfs" | cut -c 1-32 | sed 's/../\\x&/g')
for wim in "$out"/*.wim; do
  printf "$identifier" | dd of="$wim" bs=1 seek=24 conv=notrunc status=none
  size=$(($(od -An -tu8 -j 72 -N 8 "$wim") & 0xffffffffffffff))
  place=$(($(od -An -tu8 -j 80 -N 8 "$wim")))
  tail -c +$((place + 1)) "$wim" | head -c $size > xml
  { head -c 2 xml
    tail -c +3 xml | tr -d '\0' | LC_ALL=C sed -E \
      "s/(<HIGHPART>0x).{8}/\1$high/g; s/(<LOWPART>0x).{8}/\1$low/g; s/./&\x00/g"; } > fixed
  dd if=fixed of="$wim" bs=64K oflag=seek_bytes seek=$place conv=notrunc status=none
  wimlib-imagex info "$wim" --header > /dev/null
done
