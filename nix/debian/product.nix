# The two arguments that scripts/nix gives to a user's file.
{
  # nix/debian/set-up's list of unpacked Debian packages.
  trees,
  # Store paths of the programs that cargo built, by the name of their crate.
  binaries,
}:

let
  pkgs = import ./. { inherit trees binaries; };
in
{
  inherit pkgs;
  wfvm = import ./.. { inherit pkgs; };
}
