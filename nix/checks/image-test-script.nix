# A person starts an image, changes it, and finds the change again at the next start.
{ pkgs, product, wfvm-nix-builder, ... }:

let
  image = product.diskImages.referenceguestx86_64;
in
pkgs.runCommand "check-image-test-script"
  {
    nativeBuildInputs = [ wfvm-nix-builder pkgs.qemu pkgs.gnugrep pkgs.gnused ];
    inherit image;
    inherit (image) dir;
    script = product.makeImageTestScript image;
    # As vmTools' own consumers have it.
    ofDirectory = product.makeImageTestScript image.dir;
  } ''
  count=0 failed=
  fact() { count=$((count + 1)); if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; failed=1; fi; }

  fact "the directory's disk is the image" "$(readlink $dir/disk-image.qcow2)" $image
  fact "its name is for people" "$(cat $dir/nix-support/full-name)" "Reference guest (x86_64)"

  status=0
  $script 2> usage || status=$?
  fact "without an argument it tells its usage" "$status $(grep -c '^Usage' usage)" "1 1"

  # SCRIPT: starts it, and $port leads to the guest.
  mkfifo said
  start() {
    QEMU_OPTS="-name mine" QEMU_NET_OPTS=hostfwd=tcp::0-:80 $1 mine.qcow2 > said 2>&1 &
    pid=$! port=
    exec 3< said
    while [ -z "$port" ] && read -r line <&3; do
      echo "$line" | tee -a log
      port=$(sed -n 's/.*ssh -p \([0-9]*\) .*/\1/p' <<< "$line")
    done
    [ -n "$port" ] || { echo "it did not tell the port" >&2; exit 1; }
    # What it says later is of no interest, but must go somewhere.
    cat <&3 > /dev/null &
    exec 3<&-
    arguments=$(tr '\0' ' ' < /proc/$(cat /proc/$pid/task/$pid/children | tr -d ' ')/cmdline)
    export WFVM_SSH_PORT=$port
    win-wait
  }
  ended() { status=0; wait $pid || status=$?; }

  start $script
  fact "QEMU_OPTS are words of QEMU's" "$(grep -c -e ' -name mine ' <<< "$arguments")" 1
  fact "a forwarded port listens on loopback" "$(grep -c -e ' -set netdev.network.hostfwd=tcp:127.0.0.1:0-:80 ' <<< "$arguments")" 1
  fact "the screen is shown on loopback" "$(grep -c 'by VNC at 127.0.0.1:' log)" 1
  win-exec 'echo kept> C:\kept.txt'
  win-exec 'shutdown /s /t 0'
  ended
  fact "it ends well when the guest shuts down" $status 0
  fact "the file is over the image" "$(qemu-img info mine.qcow2 | sed -n 's/^backing file: //p')" $image
  fact "the UEFI variables are beside it" "$([ -s mine.qcow2.nvram ] && echo yes)" yes

  start $ofDirectory
  fact "what was written is there, by the image's directory as well" "$(win-exec 'type C:\kept.txt' | tr -d '\r')" kept
  kill -TERM $pid
  ended
  fact "it ends well when it is told to end" $status 0
  fact "and the file is whole" "$(qemu-img check -q mine.qcow2 && echo yes)" yes

  status=0
  qemu-img create -q -f qcow2 other.qcow2 1M
  $script other.qcow2 > refusal 2>&1 || status=$?
  fact "a file that is something else is refused" "$status $(grep -c 'not a copy-on-write file over' refusal)" "2 1"
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' < $process/cmdline 2> /dev/null) in
      *qemu-system*) fact "nothing is left behind" "$(tr '\0' ' ' < $process/cmdline)" "" ;;
    esac
  done
  [ -z "$failed" ] || exit 1
  echo "$count facts hold" > $out
''
