# An image that was asked to be compact is one file without what was deleted, and
# runs; here through `.debug`, whose shell takes commands from a pipe as well.
{ pkgs, product, ... }:

let
  image = product.makeWindowsImage {
    guestOs = "reference-guest";
    accelerator = "tcg";
    layers = [
      {
        name = "noise";
        script = ''
          head -c 64M /dev/urandom > noise
          win-put noise
          win-exec 'del noise && mkdir C:\kept'
        '';
      }
    ];
    compact = true;
  };
in
pkgs.runCommand "check-compact"
  {
    nativeBuildInputs = [ pkgs.qemu pkgs.gnugrep image.debug ];
    inherit image;
    exportReferencesGraph = [ "closure" image ];
  } ''
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; exit 1; fi; }

  fact "it has no backing file" "$(qemu-img info --output=json $image | grep -c backing-filename)" 0
  fact "its closure is itself" "$(grep -c '\.img$' closure)" 1

  # 64 MiB that no compression makes smaller were written and deleted.
  qemu-img convert -c -O qcow2 ${image.base} base
  grown=$(( $(stat -c %s $image) - $(stat -c %s base) ))
  echo "the compact image has $(stat -c %s $image) bytes, $grown more than the installation, compressed"
  fact "what was deleted is not in it" "$(( grown < 32 << 20 ))" 1

  printf '%s\n' "win-exec 'dir /b C:\\' > directory" exit | wfvm-debug-noise 2> said
  fact "what was kept is there" "$(grep -c kept directory)" 1
  fact "the shell tells how to talk to the guest" "$(grep -c 'runs a command in it' said)" 1
  fact "and where its screen is" "$(grep -ci vnc said)" 1
  echo 6 facts hold > $out
''
