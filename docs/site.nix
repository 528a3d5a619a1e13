# The documents as a site, `result/index.html`: scripts/nix build -f docs/site.nix
{ wfvm, ... }: wfvm.docs
