# Ring 6: every file of nix/checks, by its name.
{ wfvm, ... }: wfvm.checks
