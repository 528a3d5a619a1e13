# Eight runs of one image at the same time in one build: each has a guest of its
# own, the image stays what it was, and nothing is left.
{ pkgs, product, ... }:

let
  image = product.demoImage;

  # Marks its guest, waits until all are marked, and finds its own mark.
  run = number: product.wfvm-run {
    name = "side-${toString number}";
    inherit image;
    # As many as two cores translate in a few minutes.
    machine = { cores = 1; memoryMib = 768; };
    script = ''
      win-exec 'if exist mark exit 1'
      win-exec '(echo run ${toString number})> mark'
      echo ${toString number} > ready
      read -r -t 900 < go.${toString number}
      win-get mark
    '';
  };
  numbers = builtins.genList (number: number) 8;
in
pkgs.runCommand "check-side-by-side" { nativeBuildInputs = map run numbers; } ''
  sha256sum ${image} > before
  # Pipes are open at both ends here, so that no side waits for the other to open one.
  mkfifo ready
  exec 3<> ready
  for number in ${toString numbers}; do
    mkfifo go.$number
    exec {door}<> go.$number
    mkdir run-$number
    (cd run-$number && ln -s ../ready ../go.$number . && wfvm-run-side-$number && touch done) &
  done
  for number in ${toString numbers}; do
    read -r -t 900 number <&3 || { echo "only some of the eight had a guest in time" >&2; exit 1; }
    echo "run $number has its guest"
  done
  for number in ${toString numbers}; do
    echo go > go.$number
  done
  wait

  for number in ${toString numbers}; do
    [ -e run-$number/done ] || { echo "run $number failed" >&2; exit 1; }
    [ "$(tr -d '\r' < run-$number/mark)" = "run $number" ] || { echo "run $number has the mark of another" >&2; exit 1; }
  done
  sha256sum --check --quiet before
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' < $process/cmdline 2> /dev/null) in
      *qemu* | *wfvm*) echo "left behind: $(tr '\0' ' ' < $process/cmdline)" >&2; exit 1 ;;
    esac
  done
  left=$(ls -A "$TMPDIR" | grep wfvm- || true)
  [ -z "$left" ] || { echo "left behind: $left" >&2; exit 1; }
  echo 27 facts hold > $out
''
