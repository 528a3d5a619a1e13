# The builder of nix/debian/tools.nix: a relocated copy of $tree in $out.

libraries=$tree/usr/lib/x86_64-linux-gnu
for program in cp chmod rm ln mkdir find patchelf sed grep head sort; do
  eval "$program() { $libraries/ld-linux-x86-64.so.2 --library-path $libraries $tree/usr/bin/$program \"\$@\"; }"
done

cp -a --no-preserve=ownership "$tree" "$out"
chmod -R u+w "$out"
cd "$out"
rm -rf boot dev etc home proc root run sys tmp usr/games usr/include usr/src var \
  usr/share/{doc,man,locale,info,bash-completion,bug,lintian}

interpreter=$out/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
# Private library directories first: their programs look nowhere else.
search=$out/usr/lib/x86_64-linux-gnu:$out/usr/lib/x86_64-linux-gnu/swtpm:$out/usr/lib/x86_64-linux-gnu/systemd

is_elf() { local magic; IFS= read -r -n 4 -d '' magic < "$1" && [[ $magic == $'\x7fELF' ]]; }

# Programs: their own interpreter and libraries. RPATH, not RUNPATH, because it
# also serves the libraries that a library needs and what is opened at run time.
programs=0
while IFS= read -r -d '' file; do
  if is_elf "$file"; then
    # patchelf moves what stands at fixed addresses: such a program crashes, and
    # is started through ld.so instead (below).
    if [[ $file == usr/bin/gawk ]]; then continue; fi
    if patchelf --print-interpreter "$file" > /dev/null 2>&1; then
      patchelf --set-interpreter "$interpreter" --force-rpath --set-rpath "$search" "$file"
      programs=$((programs + 1))
    fi
  else
    # Scripts of the tools: the sandbox has no /usr.
    IFS= read -r line < "$file" || line=
    case $line in
      '#!'*/bin/sh*) sed -i "1s|^#! */[a-z/]*bin/sh|#!$out/bin/bash|" "$file" ;;
      '#!'*bash*) sed -i "1s|^#! */[a-z/]*bin/\(env *\)\{0,1\}bash|#!$out/bin/bash|" "$file" ;;
    esac
  fi
done < <(find usr/bin usr/sbin usr/libexec usr/lib -type f -perm -u+x -print0)

# A RUNPATH in a library switches the program's RPATH off for what it needs.
while IFS= read -r -d '' file; do
  if is_elf "$file" && [[ -n $(patchelf --print-rpath "$file" 2> /dev/null) ]]; then
    patchelf --force-rpath --set-rpath "$search" "$file"
  fi
done < <(find usr/lib -type f -name '*.so*' -print0)
printf '%s programs relocated\n' "$programs"

# One directory of programs; Debian's alternatives are made when a package is
# configured, which did not happen here.
rm -f bin sbin lib lib64
mkdir bin
for file in usr/sbin/* usr/bin/*; do ln -sf "../$file" "bin/${file##*/}"; done
ln -sf ../usr/bin/bash bin/sh

# What looks for its parts below /usr is told where they are now.
wrap() { # NAME ASSIGNMENT PROGRAM [ARGUMENT…]
  rm -f "bin/$1"
  printf '%s\n' "#!$out/bin/bash" "${2:+export $2}" "exec ${*:3} \"\$@\"" > "bin/$1"
  chmod 755 "bin/$1"
}
for program in usr/bin/qemu-system-*; do
  [[ -L $program ]] ||
    wrap "${program##*/}" "QEMU_MODULE_DIR=$out/usr/lib/x86_64-linux-gnu/qemu" "$out/$program" \
      -L "$out/usr/share/qemu" -L "$out/usr/share/seabios"
done
# Conversions between code pages are modules of glibc.
for program in usr/bin/*; do
  [[ $program -ef usr/bin/mtools || $program -ef usr/bin/xorriso || $program == usr/bin/genisoimage ]] &&
    wrap "${program##*/}" "GCONV_PATH=$out/usr/lib/x86_64-linux-gnu/gconv" "$out/$program"
done
wrap tesseract "TESSDATA_PREFIX=$(echo "$out"/usr/share/tesseract-ocr/*/tessdata)" "$out/usr/bin/tesseract"
# 7z finds its formats beside the name it was called by.
for name in 7z 7zz; do wrap $name "" "$out/usr/lib/7zip/7z"; done
for name in awk gawk; do wrap $name "" "$interpreter --library-path $search $out/usr/bin/gawk"; done

# Firmware under the names that nixpkgs' OVMF output `fd` has.
mkdir FV
ln -s ../usr/share/OVMF/OVMF_CODE_4M.fd FV/OVMF_CODE.fd
ln -s ../usr/share/OVMF/OVMF_VARS_4M.fd FV/OVMF_VARS.fd
ln -s ../usr/share/OVMF/OVMF_CODE_4M.ms.fd FV/OVMF_CODE.ms.fd
ln -s ../usr/share/OVMF/OVMF_VARS_4M.ms.fd FV/OVMF_VARS.ms.fd
