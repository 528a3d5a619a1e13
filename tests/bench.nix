# What scripts/bench measures with.
{ pkgs, wfvm, olderQemu ? null }:
{
  inherit (pkgs) samba sshpass;
  image = wfvm.demoImage;
  builder = wfvm.wfvm-nix-builder;
  # Reads a file in the guest.
  reader = pkgs.runCommand "reader.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
    x86_64-w64-mingw32-gcc -O2 -Wall -Werror -s -Wl,--no-insert-timestamp -o $out ${./windows/reader.c}
  '';
  # Of another suite's packages, which `scripts/bench revive` has fetched.
  older = let tree = builtins.storePath olderQemu; in pkgs.writeShellScriptBin "qemu-system-x86_64" ''
    export QEMU_MODULE_DIR=${tree}/usr/lib/x86_64-linux-gnu/qemu
    exec ${tree}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${tree}/usr/lib/x86_64-linux-gnu ${tree}/usr/bin/qemu-system-x86_64 \
      -L ${tree}/usr/share/qemu -L ${tree}/usr/share/seabios "$@"
  '';
}
