# What scripts/bench measures with.
{ pkgs, wfvm }:
{
  inherit (pkgs) sshpass;
  image = wfvm.demoImage;
  builder = wfvm.wfvm-nix-builder;
}
