{ wfvm, ... }:
{
  names = builtins.concatStringsSep " " (builtins.attrNames wfvm.checks);
  derivations = builtins.mapAttrs (_: check: check.drvPath) wfvm.checks;
}
