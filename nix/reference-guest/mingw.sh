# A relocated copy of Debian's gcc for 64-bit Windows: $guestPackages to $out.
# GCC and binutils find their parts relative to the program's own place.

target=x86_64-w64-mingw32
libraries=usr/lib/x86_64-linux-gnu
gcc=$(cd "$guestPackages" && echo usr/lib/gcc/$target/*-win32)
mkdir -p "$out"/{bin,usr/bin,usr/$target/bin,$libraries,$gcc}
cd "$guestPackages"

# C only, without link-time optimisation.
cp -r $gcc/{cc1,collect2,liblto_plugin.so,include,libgcc*.a,crt*.o} "$out/$gcc/"
cp -rL usr/$target/{include,lib} "$out/usr/$target/"
for name in libc libm libgmp libmpfr libmpc libisl libz libzstd libbfd libopcodes libsframe libjansson; do
  cp -L $libraries/$name[.-]*so* "$out/$libraries/"
done
loader=$out/$libraries/ld-linux-x86-64.so.2
cp -L $libraries/ld-linux-x86-64.so.2 "$loader"
chmod -R u+w "$out"
# Umbrella libraries of other Windows families: a third of the bytes.
rm "$out/usr/$target"/lib/lib{onecore,windowscore,nanosrv,mincore,wsmsvc}*.a

for name in as ld ld.bfd ar ranlib objcopy objdump strip windres gcc-win32; do
  program=$out/usr/bin/$target-$name
  cp -L "usr/bin/$target-$name" "$program"
  chmod u+w "$program"
  patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$out/$libraries" "$program"
  ln -s "../usr/bin/$target-$name" "$out/bin/$target-${name%-win32}"
  ln -s "../../bin/$target-$name" "$out/usr/$target/bin/$name"
done

# patchelf breaks these two (they are not position-independent): they are
# started through the loader.
for name in cc1 collect2; do
  mv "$out/$gcc/$name" "$out/$gcc/$name.program"
  printf '#!%s\nexec %s --library-path %s %s "$@"\n' \
    "$BASH" "$loader" "$out/$libraries" "$out/$gcc/$name.program" > "$out/$gcc/$name"
  chmod +x "$out/$gcc/$name"
done
