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
  find "$3" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  # In one's own time of creation lies the only difference between two builds.
  wimlib-imagex "$1" "$3" "$2" "${properties[0]#NAME=}" --compress=none --no-acls --threads="$NIX_BUILD_CORES" \
    "${@:4}" "${properties[@]/#/--image-property=}" > /dev/null
}

edition ReferenceStandard 'Reference Guest Standard'
put capture "$out/install.wim" content
edition ReferenceDatacenter 'Reference Guest Datacenter'
printf 'ReferenceDatacenter\r\n' > content/edition.txt
put append "$out/install.wim" content

mkdir preinstallation
printf 'The kernel and initrd beside this file play the part of Windows PE.\r\n' > preinstallation/README.txt
preinstallation 'Microsoft Windows PE (x64)'
put capture "$out/boot.wim" preinstallation
preinstallation 'Microsoft Windows Setup (x64)'
put append "$out/boot.wim" preinstallation --boot
