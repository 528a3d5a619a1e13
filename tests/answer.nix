# A Windows program of the tests: what passes through a guest.
{ pkgs, ... }:

pkgs.runCommand "answer.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
  x86_64-w64-mingw32-gcc -O2 -Wall -Werror -s -Wl,--no-insert-timestamp -o $out ${./windows/answer.c}
''
