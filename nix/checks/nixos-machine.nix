# A machine of the NixOS module: what its service runs keeps the guest's disk from one
# start to the next, shuts the guest down, and does what is declared of a new image.
{ pkgs, product, wfvm-nix-builder, ... }:

let
  programs = declared: import ../nixos/programs.nix {
    inherit pkgs;
    name = "x";
    declared = {
      image = product.demoImage;
      keepState = true;
      onNewImage = "keep";
      cores = null;
      memoryMib = null;
      isolateNetwork = true;
      forwardedPorts = [ { address = "127.0.0.1"; host = 2022; guest = 22; } ];
      vnc = true;
      extraQemuFlags = [ ];
    } // declared;
  };
  kept = programs { };
  replaced = programs { onNewImage = "replace"; };
  fresh = programs { keepState = false; };
in
pkgs.runCommand "check-nixos-machine" { nativeBuildInputs = [ wfvm-nix-builder pkgs.gnugrep ]; } ''
  export STATE_DIRECTORY=$PWD/state RUNTIME_DIRECTORY=$PWD/run
  mkdir state run
  failed=
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; failed=1; fi; }
  disk() { if [ "$(stat -c %s state/disk.qcow2)" -gt 1000000 ]; then echo written; else echo new; fi; }

  # As systemd: prepare, start, stop with QEMU's process.
  started() {
    ${kept.prepare}
    ${kept.start} &
    MAINPID=$!
    win-wait
  }
  stopped() {
    local status=0
    MAINPID=$MAINPID ${kept.stop} > said
    wait $MAINPID || status=$?
    fact "the guest shut down, $1" "$status $(grep -c POWERDOWN said)" "0 1"
  }
  started
  win-exec 'echo kept> C:\kept.txt'
  stopped "the first time"
  started
  fact "what was written is there at the next start" "$(win-exec 'type C:\kept.txt' | tr -d '\r')" kept
  fact "the screen is on its socket" "$(ls run)" "$(printf 'qmp.sock\nvnc.sock')"
  stopped "the second time"

  fact "the image is known" "$(cat state/image)" ${product.demoImage}
  echo /nix/store/another.img > state/image
  ${kept.prepare} 2> said
  fact "a new image is told of" "$(grep -c 'the disk stays on top of /nix/store/another.img' said)" 1
  fact "and the disk stays" "$(disk)" written
  ${replaced.prepare}
  fact "unless it is to be replaced" "$(disk) $(cat state/image)" "new ${product.demoImage}"
  dd if=/dev/zero of=state/disk.qcow2 bs=1M count=2 2> /dev/null
  ${fresh.prepare}
  fact "a machine without state begins anew" "$(disk)" new
  [ -z "$failed" ] || exit 1
  echo 9 facts hold > $out
''
