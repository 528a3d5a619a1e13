# The reference guest's ISO as tools see it that did not write it.
{ pkgs, product, ... }:

pkgs.runCommand "check-reference-guest-iso"
  {
    iso = product.referenceGuest;
    nativeBuildInputs = [ pkgs.cdrkit pkgs._7zz pkgs.wimlib pkgs.libxml2 pkgs.mtools ];
  } ''
  set -euo pipefail
  held=0
  fact() { # SENTENCE ACTUAL EXPECTED
    [[ $2 == "$3" ]] || { printf '%s\n  is        %s\n  should be %s\n' "$1" "$2" "$3" >&2; exit 1; }
    held=$((held + 1))
  }
  little_endian() { od -An -tu4 -j "$1" -N 4 "$iso" | tr -d ' '; }
  # The first sector of a file, from ISO 9660's tree.
  sector() {
    isoinfo -i "$iso" -l | sed -nE "s/.*\[ *([0-9]+) [0-9]+\]  $1;1.*/\1/p" | head -n 1
  }

  # --- the UDF tree, which Windows reads --------------------------------------
  7zz x -tudf -bso0 -oudf "$iso"
  for file in sources/{install.wim,boot.wim,lang.ini,ei.cfg} boot/{etfsboot.com,vmlinuz,initrd} bootmgr bootmgr.efi \
    efi/boot/bootx64.efi efi/microsoft/boot/{efisys,efisys_noprompt}.bin \
    efi/microsoft/boot/{cdboot,cdboot_noprompt}.efi setup.exe autorun.inf; do
    fact "the UDF tree has $file" "$([[ -s udf/$file ]] && echo yes)" yes
  done
  fact "the default language is en-US" "$(sed -n 's/^en-US = \([0-9]\).*/\1/p' udf/sources/lang.ini)" 3

  # --- El Torito --------------------------------------------------------------
  # The boot record volume descriptor (sector 17) gives the catalogue's sector
  # at byte 71; the BIOS entry's sector is at byte 40, UEFI's at byte 104.
  catalogue=$(($(little_endian $((17 * 2048 + 71))) * 2048))
  fact "BIOS starts etfsboot.com" "$(little_endian $((catalogue + 40)))" "$(sector ETFSBOOT.COM)"
  fact "UEFI starts the image that asks for a key" "$(little_endian $((catalogue + 104)))" "$(sector EFISYS.BIN)"
  for kind in efisys:cdboot efisys_noprompt:cdboot_noprompt; do
    image=udf/efi/microsoft/boot/''${kind%:*}.bin
    mcopy -i "$image" ::EFI/BOOT/BOOTX64.EFI started.efi 2> mtools.log
    fact "$image holds ''${kind#*:}.efi" "$(cmp started.efi "udf/efi/microsoft/boot/''${kind#*:}.efi" && echo yes)" yes
    fact "$image has a floppy's size" "$(stat -c %s "$image")" 1474560
    rm started.efi
  done

  # --- the images -------------------------------------------------------------
  for wim in install boot; do
    fact "$wim.wim is whole" "$(wimlib-imagex verify "udf/sources/$wim.wim" 2>&1 | grep -c 'successfully verified')" 1
    wimlib-imagex info "udf/sources/$wim.wim" --extract-xml="$wim.xml" > /dev/null
  done
  said() { xmllint --xpath "string($2)" "$1.xml"; }
  fact "install.wim has two images" "$(said install 'count(/WIM/IMAGE)')" 2
  fact "boot.wim has two images" "$(said boot 'count(/WIM/IMAGE)')" 2
  fact "the first image's edition" "$(said install '/WIM/IMAGE[@INDEX=1]/WINDOWS/EDITIONID')" ReferenceStandard
  fact "the second image's edition" "$(said install '/WIM/IMAGE[@INDEX=2]/WINDOWS/EDITIONID')" ReferenceDatacenter
  fact "the second image's name" "$(said install '/WIM/IMAGE[@INDEX=2]/NAME')" 'Reference Guest Datacenter'
  fact "the architecture is amd64" "$(said install '/WIM/IMAGE[@INDEX=1]/WINDOWS/ARCH')" 9
  fact "the build" "$(said install '/WIM/IMAGE[@INDEX=1]/WINDOWS/VERSION/BUILD')" 19043
  fact "the languages" "$(said install '/WIM/IMAGE[@INDEX=1]/WINDOWS/LANGUAGES/LANGUAGE[2]')" de-DE
  wimlib-imagex extract udf/sources/install.wim 2 /Windows.sqfs /edition.txt --dest-dir=image > /dev/null
  fact "an image holds a squashfs" "$(head -c 4 image/Windows.sqfs)" hsqs

  fact "the ISO has no more than 150 MB" "$(($(stat -Lc %s "$iso") <= 150000000))" 1
  echo "$held facts hold" | tee $out
''
