# The installation medium in the layout of Windows media, $out: $bios, $efi,
# $kernel, $initramfs, $uki, $wim and $setup.
mkdir -p iso/{boot,sources,support,efi/{boot,microsoft/boot}}

cp "$bios/etfsboot.com" iso/boot/
cp "$kernel/vmlinuz" iso/boot/vmlinuz
cp "$initramfs" iso/boot/initrd
cp "$uki" iso/efi/boot/bootx64.efi
cp "$efi"/*.{efi,bin} iso/efi/microsoft/boot/
cp "$efi/cdboot_noprompt.efi" iso/bootmgr.efi
cp "$bios/etfsboot.com" iso/bootmgr
cp "$wim"/{install,boot}.wim iso/sources/
cp "$setup/setup.exe" iso/setup.exe

# 3 is the default language, 2 another one (Microsoft Learn, "Add multilingual
# support to a Windows distribution").
printf '%s\r\n' '[Available UI Languages]' 'en-US = 3' 'de-DE = 2' '' \
  '[Fallback Languages]' 'en-US = en-us' 'de-DE = en-us' > iso/sources/lang.ini
# Microsoft Learn, "Windows Setup edition configuration and product ID files".
printf '%s\r\n' '[Channel]' Retail '[VL]' 0 > iso/sources/ei.cfg
printf '%s\r\n' '[AutoRun.Amd64]' 'open=setup.exe' 'icon=setup.exe,0' > iso/autorun.inf
printf '%s\r\n' 'Nothing is needed from here.' > iso/support/README.txt

# genisoimage writes the boot info table into its input. A bridge of ISO 9660
# and UDF 1.02; the second El Torito entry is that of UEFI.
chmod -R u+w iso
find iso -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
genisoimage -quiet -udf -iso-level 3 -J -r -V REFGUEST_X64FRE_EN-US_DV9 \
  -no-emul-boot -boot-load-size 4 -boot-info-table -b boot/etfsboot.com -c boot/boot.catalog \
  -eltorito-alt-boot -no-emul-boot -e efi/microsoft/boot/efisys.bin \
  -o "$out" iso
