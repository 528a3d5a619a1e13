# Windows 11 with a few layers. `--arg impureMode true` makes a script that
# installs it in a window instead, without layers.
{
  pkgs ? import <nixpkgs> { },
  impureMode ? false,
  # A flake whose `lib` is taken instead of this directory's.
  self ? null,
}:

let
  wfvm = if self == null then import ./. { inherit pkgs; } else self.lib;
in
wfvm.makeWindowsImage {
  inherit impureMode;
  imageSelection = "Windows 11 Pro N";
  installCommands = if impureMode then [ ] else with wfvm.layers; [
    (collapseLayers [ disable-autosleep disable-autolock disable-firewall ])
    anaconda3
    msys2
  ];
}
