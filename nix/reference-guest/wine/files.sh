# The part of Wine that the guest has, at Debian's places; one instruction of
# cmd.exe is another:
# $guestPackages and the lists $unixLibraries and $leftOut to $out/usr.

wine=usr/lib/x86_64-linux-gnu/wine
mkdir -p "$out/usr/lib/wine" "$out/$wine"/x86_64-{unix,windows} "$out/usr/share/wine"
cd "$guestPackages"
cp usr/lib/wine/{wine64,wineserver64} "$out/usr/lib/wine/"
for library in $(sed 's/#.*//' "$unixLibraries"); do
  cp "$wine/x86_64-unix/$library.so" "$out/$wine/x86_64-unix/"
done
# No fonts: nothing is ever drawn, and every process would open each of them.
cp -r usr/share/wine/{nls,wine.inf} "$out/usr/share/wine/"

# Sections must keep their place at multiples of a page: otherwise Wine reads
# each into memory of its own instead of mapping the file. binutils' strip
# packs sections at 512 bytes, where Debian's own files have 4096.
strip_to() { # DIRECTORY FILE…
  local directory=$1 file
  for file in "${@:2}"; do
    x86_64-w64-mingw32-objcopy --strip-unneeded --file-alignment=4096 \
      "$file" "$directory/${file##*/}"
  done
}
export -f strip_to
find "$wine/x86_64-windows" usr/x86_64-w64-mingw32/lib/zlib1.dll -type f -print0 |
  xargs -0 -P "$NIX_BUILD_CORES" -n 64 bash -c 'strip_to "$@"' bash "$out/$wine/x86_64-windows"

cd "$out/$wine/x86_64-windows"
for pattern in $(sed 's/#.*//' "$leftOut"); do
  compgen -G "$pattern" > /dev/null || { echo "Wine has no file $pattern" >&2; exit 1; }
  rm $pattern
done

# Offsets: Microsoft PE format; FileAlignment is at 36 of the optional header,
# which lies 24 behind the signature that the word at 60 points to. The mark at
# 64 is Wine's own, by which it knows its programs.
word() { od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '; }
for file in ntdll.dll kernelbase.dll user32.dll cmd.exe; do
  alignment=$(word "$file" $(($(word "$file" 60) + 24 + 36)))
  mark=$(dd if="$file" bs=1 skip=64 count=16 status=none)
  [[ $alignment == 4096 && $mark == 'Wine builtin DLL' ]] || {
    echo "$file: FileAlignment $alignment and mark \"$mark\" after stripping, expected 4096 and \"Wine builtin DLL\"" >&2
    exit 1
  }
done

# 259 is an exit code like any other (ERROR_NO_MORE_ITEMS: pnputil, msiexec).
# Wine's cmd.exe takes it for STILL_ACTIVE and makes it 0: `cmp $0x103,%eax;
# cmove %edx,%eax`, of which the second becomes an instruction that does nothing.
before='\x3d\x03\x01\x00\x00\x0f\x44\xc2' after='\x3d\x03\x01\x00\x00\x0f\x1f\x00'
[[ $(LC_ALL=C grep -aoP "$before" cmd.exe | wc -l) == 2 ]] || { echo "cmd.exe does not treat exit code 259 as before" >&2; exit 1; }
LC_ALL=C sed -i "s/$before/$after/" cmd.exe
