# What scripts/bench measures with.
{ pkgs, wfvm }:
{
  inherit (pkgs) samba sshpass;
  image = wfvm.demoImage;
  builder = wfvm.wfvm-nix-builder;
  # Reads a file in the guest.
  reader = pkgs.runCommand "reader.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
    x86_64-w64-mingw32-gcc -O2 -Wall -Werror -s -Wl,--no-insert-timestamp -o $out ${./windows/reader.c}
  '';
}
