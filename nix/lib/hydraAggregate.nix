{ check, pkgs, ... }:

/** A job of Hydra's that succeeds when all of others do, as nixpkgs'
   releaseTools.aggregate: one job to watch, and its page lists the others.

   # Type

   hydraAggregate :: { name, constituents } -> Derivation */
check.function "hydraAggregate"
  {
    name = { type = check.string; };
    # Jobs.
    constituents = { type = check.listOf check.file; };
  }
  ({ name, constituents }:
    pkgs.runCommand name
      {
        inherit constituents;
        _hydraAggregate = true;
      } ''
      # Without a product of its own Hydra would offer the output itself.
      mkdir -p $out/nix-support
      touch $out/nix-support/hydra-build-products
      for constituent in $constituents; do
        if [ -e "$constituent/nix-support/failed" ]; then
          echo "''${constituent##*/} has failed"
          touch $out/nix-support/failed
        fi
      done
    '')
