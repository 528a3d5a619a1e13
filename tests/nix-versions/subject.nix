# What each version of Nix is asked to evaluate and to build.
{ pkgs, wfvm, salt ? "", ... }:

let
  layer = name: script: wfvm.makeWindowsImage {
    guestOs = "reference-guest";
    accelerator = "tcg";
    layers = [ { inherit name script; } ];
  };
in
{
  works = layer "works-${salt}" "win-exec 'echo ${salt} > C:\\version'";
  fails = layer "fails-${salt}" "win-exec 'echo the last words && exit 7'";

  # The same bytes whenever they are built: `nix build --rebuild` compares.
  repeatable = [ (import ../../examples/hello.nix { inherit pkgs wfvm; }).hello wfvm.docs ];

  # What all versions must call by one name.
  names = builtins.toJSON (map (thing: builtins.unsafeDiscardStringContext thing.drvPath) [
    wfvm.demoImage
    (layer "named" "win-exec ver")
    (import ../../examples/hello.nix { inherit pkgs wfvm; })
  ]);
}
