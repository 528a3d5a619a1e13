{ check, pkgs, ... }:

/** Runs a program of wfvm-run and keeps what it says and leaves, as Hydra shows
   it: the log, the screen of a failure and the files of the script are build
   products, the seconds until the guest was ready and until the end are metrics.

   # Type

   hydraReport :: { name, run, keepFailed ? } -> Derivation

   The script's current directory is kept as `results`. A failed run fails the
   build, unless `keepFailed`: then it is an output with `nix-support/failed`,
   which Hydra shows as failed and keeps, and which others take for a success. */
check.function "hydraReport"
  {
    name = { type = check.string; };
    # What wfvm-run returned.
    run = { type = check.file; };
    keepFailed = { type = check.bool; default = false; };
  }
  ({ name, run, keepFailed }:
    pkgs.runCommand name
      {
        # The guest of the run needs it, and runs in this build.
        requiredSystemFeatures = if run.spec.machine.accelerator or "kvm" == "kvm" then [ "kvm" ] else [ ];
        passthru = { inherit run; };
      } ''
      mkdir -p $out/nix-support results
      set -o pipefail
      status=0
      (cd results && exec ${run}/bin/${run.meta.mainProgram} --evidence ../evidence) 2>&1 | tee log || status=''${PIPESTATUS[0]}

      # What Nix reads as progress is nothing for a reader. A store path in a log
      # would keep the image alive for as long as the report.
      readable() { sed -E '/^@nix /d; s|/nix/store/[a-z0-9]{32}-|/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-|g' "$1"; }
      product() { printf '%s %s "%s"\n' "$1" "$2" "$out/$3" >> $out/nix-support/hydra-build-products; }
      readable log > $out/log.txt
      product report testlog log.txt
      for file in evidence/*.png; do
        if [ -e "$file" ]; then cp "$file" $out/; product report screen "''${file##*/}"; fi
      done
      for file in evidence/*.log evidence/*.jsonl; do
        if [ -e "$file" ]; then readable "$file" > "$out/''${file##*/}"; product report evidence "''${file##*/}"; fi
      done
      for file in results/*; do
        if [ -e "$file" ]; then
          mkdir -p $out/results
          cp -r "$file" $out/results/
          if [ -f "$file" ]; then product file result "$file"; else product report result "$file"; fi
        fi
      done

      sed -nE 's/^\[ *([0-9.]+) s\] script: ready as .*/boot \1 s/p' log > $out/nix-support/hydra-metrics
      echo "run $SECONDS s" >> $out/nix-support/hydra-metrics
      if [ $status != 0 ]; then
        ${if keepFailed then "touch $out/nix-support/failed" else "exit $status"}
      fi
    '')
