# The two boot programs of the medium and the FAT images that El Torito names:
# $cdboot to $out/{cdboot,cdboot_noprompt}.efi and $out/{efisys,efisys_noprompt}.bin, the programs signed.
source "$sign"
mkdir -p "$out"

compile() { # OUT FLAG…
  # Subsystem 10 is an EFI application (UEFI specification 2.1.1).
  x86_64-w64-mingw32-gcc "${@:2}" -Os -Wall -Wextra -Werror -s -ffreestanding -fno-builtin -nostdlib \
    -mno-stack-arg-probe -fno-asynchronous-unwind-tables \
    -Wl,--subsystem,10 -Wl,--entry,efi_main -Wl,--no-insert-timestamp "$cdboot" -o unsigned.efi
  sign unsigned.efi "$1"
}
compile "$out/cdboot.efi" -DPROMPT
compile "$out/cdboot_noprompt.efi"

# A floppy's size, as on Windows media.
# Names are plain ASCII; mtools' own default, 850, is no part of glibc's package.
echo default_codepage=1252 > mtoolsrc
export MTOOLSRC=$PWD/mtoolsrc
image() { # BOOT-PROGRAM IMAGE
  mkfs.fat -C "$2" 1440 --invariant -n EFISECTOR > /dev/null
  mmd -i "$2" ::EFI ::EFI/BOOT
  mcopy -i "$2" "$1" ::EFI/BOOT/BOOTX64.EFI
}
image "$out/cdboot.efi" "$out/efisys.bin"
image "$out/cdboot_noprompt.efi" "$out/efisys_noprompt.bin"
