# The ways in: a flake's `lib`, a directory, its files, and a package set of long ago.
{ pkgs, wfvm, src }:

let
  inherit (builtins) attrNames isFunction;

  # An input with `flake = false`, or what fetchgit brought.
  door = src + "/wfvm";
  medium = pkgs.writeText "windows.iso" "";
  image = wfvm: (wfvm.makeWindowsImage { windowsImage = medium; }).drvPath;

  # nixpkgs' lib, into which somebody merges ours.
  lib = { id = x: x; attrNames = 1; } // wfvm;

  # A package of somebody's flake: `import ./image.nix inputs.wfvm.lib pkgs`.
  file = wfvm: pkgs: pkgs.runCommand "uses-an-image" { buildInputs = [ (wfvm.makeWindowsImage { windowsImage = medium; }) ]; } "";

  # Of June 2020, which has no swtpm and nothing of ours.
  old = { inherit (pkgs) runCommand writeText; lib = { }; };
  demo = arguments: import (door + "/demo-image.nix") ({ inherit pkgs; } // arguments);
in
{
  facts = {
    "the set has three attributes" = [ (attrNames wfvm) [ "layers" "makeWindowsImage" "utils" ] ];
    "makeWindowsImage is a function like another" = [ (isFunction wfvm.makeWindowsImage) true ];
    "a directory is imported" = [ (image (import door { inherit pkgs; })) (image wfvm) ];
    "a file is imported" = [ (image (import (door + "/default.nix") { inherit pkgs; })) (image wfvm) ];
    "the set is merged into another" = [ (image lib) (image wfvm) ];
    "the set is handed to a function" = [ (file wfvm pkgs).name "uses-an-image" ];
    "the package set is an old one" = [ (image (import door { pkgs = old; toolsPkgs = pkgs; })) (image wfvm) ];
    "win.nix makes the same image" = [ (import (door + "/win.nix") { inherit pkgs; windowsImage = medium; }).drvPath (image wfvm) ];
    "makeWindowsImage takes pkgs" = [ (wfvm.makeWindowsImage { inherit pkgs; windowsImage = medium; }).drvPath (image wfvm) ];
    "the demo image is called by its last layer" = [ (demo { }).name "RESTRICTDIST-MSYS2.img" ];
    "its layers are WFVM's" = [
      (map (image: image.name) (demo { }).layers)
      [ "RESTRICTDIST-disable-autosleep-disable-autolock-disable-firewall.img" "RESTRICTDIST-Anaconda3.img" "RESTRICTDIST-MSYS2.img" ]
    ];
    "the demo image takes a flake" = [ (demo { self.lib = wfvm; }).drvPath (demo { }).drvPath ];
    "the demo image has impureMode" = [ (demo { impureMode = true; }).name "windows-install-script" ];
    "the SSH demo is a program" =
      [ (import (door + "/demo-ssh.nix") { inherit pkgs; }).meta.mainProgram "wfvm-run-demo-ssh" ];
    "the SSH demo's network is open, with port 2022" = [
      { inherit ((import (door + "/demo-ssh.nix") { inherit pkgs; }).spec.network) open sshPort; }
      { open = true; sshPort = 2022; }
    ];
  };
}
