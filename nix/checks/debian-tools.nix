# Debian's programs run from the store, inside the sandbox. A nixpkgs has tests
# of its own for its packages.
{ facts, pkgs, ... }:

if !(pkgs ? debianTrees) then facts "debian-tools" { }
else pkgs.runCommand "check-debian-tools" { } ''
  count=0
  starts() { # PROGRAM ARGUMENT… : it runs, and says something
    local words
    words=$("$@" 2>&1 < /dev/null) || true
    case $words in
      "" | *"error while loading"* | *"No such file"* | *"not found"*) echo "$*: $words" >&2; exit 1 ;;
    esac
    count=$((count + 1))
  }
  for program in bash cat find diff grep sed awk tar gzip xz zstd cpio ld patchelf ps \
    qemu-system-x86_64 qemu-img swtpm swtpm_setup tesseract wimlib-imagex mksquashfs xorriso genisoimage mtools xmllint ntfs-3g; do
    starts "$program" --version
  done
  starts ssh -V
  starts socat -V
  starts 7zz i
  starts mkfs.fat --help
  starts modprobe --version

  [ "$(echo a b | awk '{ print $2 }')" = b ] || { echo "awk does not work" >&2; exit 1; }

  # mtools converts names between code pages, by modules of glibc.
  truncate -s 1440K floppy
  { mformat -i floppy -f 1440 :: && mmd -i floppy ::/EFI && mdir -i floppy ::; } > directory 2>&1 &&
    grep -q EFI directory || { cat directory >&2; echo "mtools does not work" >&2; exit 1; }

  # QEMU finds its firmware and modules: a machine of ours answers on QMP.
  cp ${pkgs.OVMF.fd}/FV/OVMF_VARS.fd vars.fd
  chmod +w vars.fd
  answer=$(printf '%s\n' '{"execute":"qmp_capabilities"}' '{"execute":"quit"}' | qemu-system-x86_64 -M q35 -accel tcg -S -display none -vga std \
    -drive if=pflash,format=raw,readonly=on,file=${pkgs.OVMF.fd}/FV/OVMF_CODE.fd -drive if=pflash,format=raw,file=vars.fd \
    -netdev user,id=n0 -device e1000e,netdev=n0 -device qemu-xhci -device usb-tablet -qmp stdio 2>&1)
  case $answer in
    *'"SHUTDOWN"'*) count=$((count + 1)) ;;
    *) echo "QEMU: $answer" >&2; exit 1 ;;
  esac

  # The text of a page is read by tesseract, which must find its language.
  case $(tesseract --list-langs 2>&1) in
    *eng*) count=$((count + 1)) ;;
    *) echo "tesseract has no English" >&2; exit 1 ;;
  esac
  echo "$count facts hold" > $out
''
