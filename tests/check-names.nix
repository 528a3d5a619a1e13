{ wfvm, ... }: { names = builtins.concatStringsSep " " (builtins.attrNames wfvm.checks); }
