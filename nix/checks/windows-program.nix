# A real program for Windows, out of a package registry, is installed by a layer
# and does its work in a run: ninja builds a file from another one.
{ pkgs, product, ... }:

let
  inherit (import ../debian/windows-programs.nix { inherit pkgs; }) ninja;

  image = product.makeWindowsImage {
    guestOs = "reference-guest";
    accelerator = "tcg";
    layers = [
      {
        name = "ninja";
        script = ''
          win-exec 'mkdir C:\Tools'
          win-put ${ninja}/bin/ninja.exe C:/Tools
        '';
      }
    ];
  };

  rules = builtins.toFile "build.ninja" ''
    rule upper
      command = cmd /c "sort $in > $out"
    build sorted.txt: upper words.txt
  '';

  run = image.run {
    name = "ninja";
    script = ''
      win-exec C:/Tools/ninja.exe --version > version
      printf 'b\r\na\r\n' > words.txt
      win-put words.txt
      win-put ${rules} . --as build.ninja
      win-exec 'C:\Tools\ninja.exe -v' | tee first
      win-get sorted.txt
      win-exec 'C:\Tools\ninja.exe -v' | tee second
    '';
  };
in
pkgs.runCommand "check-windows-program" { nativeBuildInputs = [ run pkgs.gnugrep ]; } ''
  wfvm-run-ninja
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; failed=1; fi; }
  failed=
  fact "the program is the one of the wheel" "$(tr -d '\r\n' < version | grep -o '^[0-9]*\.[0-9]*\.[0-9]*')" ${ninja.version}
  fact "it ran what its rules say" "$(tr -d '\r' < sorted.txt | tr '\n' ' ')" "a b "
  fact "it knows what is done already" "$(grep -c 'no work to do' second)" 1
  [ -z "$failed" ] || exit 1
  echo 3 facts hold > $out
''
