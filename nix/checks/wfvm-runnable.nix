# Expressions of WFVM's users that need a guest, with the reference guest: an
# image with layers, runs inside derivations, an overlay, a machine of one's own.
{ pkgs, product, ... }:

let
  wfvm = import ../../wfvm { inherit pkgs; wfvm = product; };
  inherit (wfvm) utils;
  image = import ../../examples/wfvm.nix { inherit pkgs; wfvm = product; };

  fact = ''fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; exit 1; fi; }'';
  packages = pkgs.runCommand "packages" { } ''
    mkdir -p $out/noarch $out/empty
    echo package > $out/noarch/one-1.0.tar.bz2
  '';

  # By buildInputs and PATH, as most do.
  run = utils.wfvm-run {
    name = "my program";
    inherit image;
    script = ''
      ${fact}
      fact "a layer's file is there" "$(win-exec 'dir /b C:\tools' | tr -d '\r\n')" tool.c
      win-exec 'mkdir dest && mkdir C:\elsewhere'
      win-put ${packages}/noarch/*.tar.bz2 'dest'
      win-put ${packages}/noarch 'C:/elsewhere'
      win-put ${packages}/noarch/one-1.0.tar.bz2 /c:/elsewhere
      ln -s ${packages}/noarch/one-1.0.tar.bz2 renamed.bz2
      win-put renamed.bz2 .
      win-exec "cd dest && echo %cd% && dir /b" | tr -d '\r' > listing
      fact "a glob that matches once is put" "$(sed -n 2p listing)" one-1.0.tar.bz2
      # cmd.exe expands a line before it runs it, so this is where it began.
      fact "the home is WFVM's" "$(sed -n 1p listing)" 'C:\Users\wfvm '
      win-get dest
      win-get /c:/elsewhere/noarch/one-1.0.tar.bz2
      fact "a directory comes back" "$(cat dest/one-1.0.tar.bz2)" package
      fact "a file comes back" "$(cat one-1.0.tar.bz2)" package
      fact "a link is followed" "$(win-exec 'type renamed.bz2' | tr -d '\r\n')" package
      fact "quotes reach cmd.exe" "$(win-exec "echo \"a  b\" *" | tr -d '\r\n')" '"a  b" *'
      set +e; win-exec 'exit 3'; rc=$?; set -e
      fact "a status is caught" $rc 3
      ${utils.win-exec}/bin/win-exec 'echo by its path' > said
    '';
  };
  byPath = pkgs.runCommand "by-path" { buildInputs = [ run ]; } ''
    wfvm-run-my-program
    grep -q 'by its path' said
    mv dest $out
  '';

  # A disk of somebody's own over the image, and a job of Hydra's.
  overlay = pkgs.runCommand "windows-with-more.img" { nativeBuildInputs = [ utils.qemu ]; } ''
    qemu-img create -F qcow2 -f qcow2 -b ${image} $out
  '';
  overlaid = utils.wfvm-run {
    name = "overlaid";
    image = overlay;
    # Nobody described it, and WFVM's own machine is KVM's.
    machine.accelerator = "tcg";
    script = ''win-exec 'type C:\tools\tool.c' > tool.c'';
  };
  job = pkgs.runCommand "job" { } ''
    ${overlaid}/bin/wfvm-run-overlaid
    mkdir -p $out/nix-support
    cp tool.c $out/
    echo file source $out/tool.c >> $out/nix-support/hydra-build-products
  '';

  # A machine of one's own: WFVM's words, but for KVM.
  words = builtins.filter (word: word != "-enable-kvm")
    (map (word: if word == "host" then "max" else word) (utils.mkQemuFlags [ "-accel" "tcg" "-display" "none" "-netdev" ]));
  own = pkgs.runCommand "own-machine" { buildInputs = [ utils.qemu utils.win-wait utils.win-exec utils.win-put utils.win-get ]; } ''
    qemu-img create -f qcow2 -F qcow2 -b ${image} overlay.qcow2
    qemu-system-x86_64 -drive file=overlay.qcow2 ${toString words} \
      user,id=n1,net=192.168.1.0/24,restrict=on,hostfwd=tcp:127.0.0.1:2022-:22 &
    win-wait
    win-exec 'echo my own machine' | tr -d '\r' > said
    win-put said
    mkdir back && cd back
    win-get said
    win-exec 'shutdown /s /t 0'
    wait
    mv said $out
  '';
in
pkgs.runCommand "check-wfvm-runnable" { nativeBuildInputs = [ pkgs.gnugrep pkgs.diffutils ]; passthru = { inherit byPath job own; }; } ''
  grep -q package ${byPath}/one-1.0.tar.bz2
  grep -q '^file source' ${job}/nix-support/hydra-build-products
  tr -d '\r' < ${job}/tool.c | diff - ${../../examples/hello.c}
  grep -q '^my own machine' ${own}
  echo 4 facts hold > $out
''
