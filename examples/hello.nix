# A Windows program, compiled here, runs in an installed image; what it printed
# is the result of the build.
{ pkgs, wfvm }:

let
  hello = pkgs.runCommand "hello.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
    x86_64-w64-mingw32-gcc -o $out ${./hello.c}
  '';

  run = wfvm.wfvm-run {
    name = "hello";
    image = wfvm.demoImage;
    script = ''
      win-put ${hello} . --as hello.exe
      win-exec hello.exe > output
    '';
  };
in
pkgs.runCommand "hello" { nativeBuildInputs = [ run ]; passthru = { inherit hello run; }; } ''
  wfvm-run-hello
  mv output $out
''
