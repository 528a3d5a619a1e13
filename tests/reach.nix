# A Windows program of the tests: what a guest reaches.
{ pkgs, ... }:

pkgs.runCommand "reach.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
  x86_64-w64-mingw32-gcc -O2 -Wall -Werror -s -Wl,--no-insert-timestamp -o $out ${./windows/reach.c} -lws2_32
''
