# Wine's prefix (drive C: and the registry) as a first logon of Administrator
# leaves it: $wine, $guestPackages and $registry to $out.

libraries=usr/lib/x86_64-linux-gnu
root=$NIX_BUILD_TOP/root
mkdir -p "$root/usr/lib/wine" "$root/$libraries/wine"
cp "$wine"/usr/lib/wine/* "$root/usr/lib/wine/"
cp -r "$wine/$libraries/wine/x86_64-unix" "$root/$libraries/wine/"
ln -s "$wine/$libraries/wine/x86_64-windows" "$root/$libraries/wine/"
cp -r "$wine/usr/share" "$root/usr/"
chmod -R u+w "$root"
# Of its compiled-in places for code pages wineserver takes the one below its
# own directory, which Debian's patches made share/wine/wine/nls.
ln -s . "$root/usr/share/wine/wine"
for name in ld-linux-x86-64 libc libm libgcc_s libunwind liblzma libz libfreetype \
  libpng16 libbrotlidec libbrotlicommon libbz2 libfontconfig libexpat; do
  cp -L "$guestPackages/$libraries/$name"[.-]*so* "$root/$libraries/"
done
for program in "$root"/usr/lib/wine/{wine64,wineserver64}; do
  patchelf --set-interpreter "$root/$libraries/ld-linux-x86-64.so.2" \
    --force-rpath --set-rpath "$root/$libraries" "$program"
done

mkdir "$NIX_BUILD_TOP/home"
echo '<fontconfig/>' > "$NIX_BUILD_TOP/fonts.conf"
wine() {
  env -i HOME="$NIX_BUILD_TOP/home" USER=Administrator LOGNAME=Administrator \
    WINEPREFIX="$NIX_BUILD_TOP/prefix" WINESERVER="$root/usr/lib/wine/wineserver64" \
    FONTCONFIG_FILE="$NIX_BUILD_TOP/fonts.conf" WINEDEBUG=-all \
    WINEDLLOVERRIDES='mscoree,mshtml=' "$root/usr/lib/wine/$1" "${@:2}"
}
# Its exit status tells nothing: it also tries a 32-bit half that is not there.
wine wine64 wineboot --init || true
# Debian's user32.dll imports it, and wine.inf does not know of it.
cp "$wine/$libraries/wine/x86_64-windows/zlib1.dll" "$NIX_BUILD_TOP/prefix/drive_c/windows/system32/"
wine wine64 regedit /S "Z:${registry//\//\\}"
# Processes idle for five seconds before they go; asked to, the server ends
# them at once, and saves the registry when the last is gone.
wine wineserver64 -k
wine wineserver64 -w

cd "$NIX_BUILD_TOP/prefix"
grep -q '"SystemRoot"="C:' system.reg || { echo "the registry of the prefix is not complete" >&2; exit 1; }

# Wine makes HKLM\HARDWARE anew at every start as a volatile key, and refuses every other key below it. On
# Windows the hive is in memory only, but takes keys of any kind. As long as it has keys of its own here, it does so
# here, too. These two Windows has, and Wine does not.
printf '\n[HARDWARE\\\\%s] 0\n' ACPI RESOURCEMAP >> system.reg

# The places, times and random identifiers of this build.
for hive in {system,user,userdef}.reg; do
  sed -i -E -e 's/^#time=.*/#time=1db5c0000000000/' -e "s/^(\[.*\]) [0-9]+$/\1 $SOURCE_DATE_EPOCH/" \
    -e 's/^("MachineGuid"=).*/\1"00000000-0000-4000-8000-000000000000"/' \
    -e 's/^("DriverDateData"=).*/\1hex:00,00,00,00,00,00,00,00/' \
    -e 's/^("VideoID"=).*/\1"{00000000-0000-4000-8000-000000000001}"/' \
    -e "s|${root//\//\\\\\\\\}||g" "$hive"
done
mkdir -p "$out"
# Wine shall not bring the prefix up to date at its first start: it is.
echo disable > "$out/.update-timestamp"
mv drive_c ./*.reg "$out/"
mkdir -p "$out/drive_c/ProgramData"
