# Kernel, initramfs and command line as one UEFI program (UAPI specification
# "Unified Kernel Image"): $kernel, $initramfs and $commandLine to $out, signed.
source "$sign"

stub=$guestPackages/usr/lib/systemd/boot/efi/linuxx64.efi.stub
printf '%s' "$commandLine" > command-line
printf 'ID=reference-guest\nNAME="Reference Guest"\n' > os-release

# Behind the stub's last section, each at a multiple of the section alignment.
next=$(objdump -h "$stub" | sed -nE 's/^ +[0-9]+ [^ ]+ +([0-9a-f]+) +([0-9a-f]+) .*/\1 \2/p' |
  while read -r size address; do echo $((16#$size + 16#$address)); done | sort -n | tail -1)
sections=()
add() { # NAME FILE
  next=$(((next + 4095) / 4096 * 4096))
  sections+=(--add-section "$1=$2" --change-section-vma "$1=$next")
  next=$((next + $(stat -Lc %s "$2")))
}
add .osrel os-release
add .cmdline command-line
add .linux "$kernel/vmlinuz"
add .initrd "$initramfs"
objcopy "${sections[@]}" "$stub" unsigned.efi
sign unsigned.efi "$out"
