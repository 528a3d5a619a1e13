/** Packages of MSYS2 from files: a list of what was fetched, their dependencies with them. */
{ check, layering, ... }:

let
  inherit (builtins) concatStringsSep map;
  packages = check.listOf check.file;
in
files:
let
  problems = packages.problems "packages" files;
  put = file: "win-put ${layering.shellWord "${file}"} 'C:/msyspackages' --as ${layering.shellWord (layering.fileName file)}\n";
in
if problems != [ ] then throw (concatStringsSep "\n" (map (problem: "wfvm.layers.msys2-packages: ${problem}") problems)) else {
  name = "MSYS2-packages";
  strict = true;
  # A login shell, because packages' own scripts look for programs on its PATH.
  # The shell of MSYS2 expands the star, which cmd.exe does not.
  script = ''
    win-exec 'if not exist C:\msyspackages mkdir C:\msyspackages'
    ${concatStringsSep "" (map put files)}win-exec 'C:\msys64\usr\bin\bash.exe -lc "pacman -U --noconfirm /c/msyspackages/*"'
    win-exec 'rmdir /s /q C:\msyspackages'
  '';
}
