# The programs that judge our files and run our machines.
{ pkgs, ... }: pkgs.tools
