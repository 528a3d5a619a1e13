# WFVM's impureMode: a script that installs in the current directory, and says
# where the screen is shown. How an installation goes on is the business of others.
{ pkgs, product, ... }:

let
  script = (import ../../wfvm { inherit pkgs; wfvm = product; }).makeWindowsImage {
    guestOs = "reference-guest";
    accelerator = "tcg";
    impureMode = true;
  };
in
pkgs.runCommand "check-impure-mode" { nativeBuildInputs = [ pkgs.gnugrep ]; } ''
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; exit 1; fi; }
  # Not as a build's own progress, but as a person reads it.
  unset NIX_LOG_FD

  ln -s ${script} result
  mkfifo told
  ./result > told 2>&1 &
  while read -r line; do
    echo "$line"
    case $line in *127.0.0.1:*) break ;; esac
  done < told > said
  fact "it says where the screen is" "$(tail -n 1 said | grep -c 'VNC at 127.0.0.1:[0-9]')" 1
  fact "it installs to c.img" "$(echo c.img*)" c.img.unfinished
  kill $!
  wait $! || true
  fact "who ends it finds nothing left" "$(echo c.img*)" 'c.img*'
  echo 3 facts hold > $out
''
