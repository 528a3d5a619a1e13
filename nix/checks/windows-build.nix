# Derivations whose builders run in Windows: ninja, a layer of the image, drives a
# compiler that is an input on S:; another machine uses what came out.
{ pkgs, product, ... }:

let
  inherit (import ../debian/windows-programs.nix { inherit pkgs; }) esbuild ninja;

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

  source = ./windows-build;

  # Two outputs, by the compiler of the input and the ninja of the image.
  bundle = product.runInWindowsVM (pkgs.runCommand "bundle"
    {
      windowsImage = image;
      outputs = [ "out" "sources" ];
      inherit esbuild source;
      meta.description = "Compiled in Windows";
    } ''
    copy %source%\build.ninja . >nul
    C:\Tools\ninja.exe -v || exit 1
    mkdir %out% %sources%
    copy app.js %out%\app.js >nul
    echo the compiler complains 1>&2
    copy %source%\*.ts %sources% >nul
  '');

  # The builder as it is: a program of the store. It reads what the first one made.
  small = product.runInWindowsImage product.demoImage (derivation {
    name = "small.js";
    system = "x86_64-windows";
    builder = "${esbuild}/bin/esbuild.exe";
    args = [ "${bundle}/app.js" "--minify" "--outfile=${placeholder "out"}" ];
  });
in
pkgs.runCommand "check-windows-build" { nativeBuildInputs = [ pkgs.gnugrep ]; } ''
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; failed=1; fi; }
  failed=
  fact "modules were put into one file" "$(grep -c 'function double' ${bundle}/app.js)" 1
  fact "its types are gone" "$(grep -c ': number' ${bundle}/app.js)" 0
  fact "the second output has the sources" "$(ls ${bundle.sources} | tr '\n' ' ')" "double.ts main.ts "
  fact "sources are no programs" "$(find ${bundle.sources} -type f -perm /111)" ""
  fact "another machine made it smaller" "$(( $(wc -c < ${small}) < $(wc -c < ${bundle}/app.js) ))" 1
  fact "and it says the same" "$(grep -c 'the double of' ${small})" 1
  fact "the system is the host's" "${small.system} ${small.guestSystem}" "${pkgs.stdenv.hostPlatform.system} x86_64-windows"
  fact "meta is kept" "${bundle.meta.description}" "Compiled in Windows"
  [ -z "$failed" ] || exit 1
  echo 8 facts hold > $out
''
