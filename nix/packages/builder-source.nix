# What one of the programs of ./builders.nix is made of, out of a copy of the
# repository: its two crates without the modules of other tasks and without tests.
{ repository, builder }:

import ./source.nix {
  inherit repository;
  inherit (builder) without;
  crates = "wfvm|wfvm-nix-builder";
}
