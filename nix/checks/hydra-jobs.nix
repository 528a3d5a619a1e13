# Jobs as Hydra reads them: our own and those of the example, each a derivation
# with limits. What a page of Hydra's shows is made of runs that need no guest.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) all attrNames attrValues concatMap filter isAttrs isString;

  ours = import ../hydra/jobs.nix { inherit pkgs; wfvm = product // { checks = { inherit (product.checks) arguments refusals; }; }; };
  example = import ../../examples/hydra/jobs.nix { inherit pkgs; wfvm = product; };

  isDerivation = value: isAttrs value && value.type or null == "derivation";
  leaves = jobs: concatMap (job: if isDerivation job then [ job ] else leaves job) (attrValues jobs);
  limited = jobs: all (job: job.meta.timeout > 0 && job.meta.maxSilent > 0) (filter (job: !(job ? _hydraAggregate)) (leaves jobs));
  evaluate = jobs: all (job: isString job.drvPath) (leaves jobs);

  # A program as wfvm-run makes it, that takes no guest to succeed or to fail.
  run = status: (pkgs.writeShellScriptBin "run" ''
    echo '@nix {"action":"setPhase","phase":"boot"}'
    echo '[  12.5 s] script: ready as wfvm' >&2
    echo ${product.wfvm-nix-builder}
    mkdir -p "$2" "a folder"
    echo picture > "$2/screen.png"
    echo ${product.wfvm-nix-builder} > "$2/qmp.jsonl"
    echo done > 'the result.txt'
    exit ${toString status}
  '').overrideAttrs (_: { meta.mainProgram = "run"; passthru.spec.machine.accelerator = "tcg"; });
  report = keepFailed: status: product.hydraReport { name = "report"; run = run status; inherit keepFailed; };
  good = report false 0;
  bad = report true 3;
  aggregate = constituents: product.hydraAggregate { name = "aggregate"; inherit constituents; };

  evaluated = facts "hydra-jobs-evaluated" {
    "our jobs evaluate" = [ (evaluate ours) true ];
    "our jobs have limits" = [ (limited ours) true ];
    "our jobs are these" = [ (attrNames ours) [ "checks" "demoImage" "hello" "release" ] ];
    "the example's jobs evaluate" = [ (evaluate example) true ];
    "the example's jobs have limits" = [ (limited example) true ];
    "limits do not change what is built" = [ ours.demoImage.drvPath product.demoImage.drvPath ];
    "nor do they by overrideAttrs" =
      (let image = product.demoImage.overrideAttrs { meta.timeout = 60; }; in [ [ image.drvPath image.meta.timeout ] [ product.demoImage.drvPath 60 ] ]);
    "an image is built before what is made with it" = [ (ours.demoImage.meta.schedulingPriority > 100) true ];
    "a release is an aggregate" = [ [ ours.release._hydraAggregate example.release._hydraAggregate ] [ true true ] ];
    "it is made of the jobs" = [ (map (job: job.drvPath) example.release.constituents) (map (job: job.drvPath) (attrValues example.tests)) ];
    "a run under KVM asks for a machine that has it" =
      [ (product.hydraReport { name = "x"; run = product.wfvm-run { name = "x"; image = "/disk"; script = ""; }; }).requiredSystemFeatures [ "kvm" ] ];
    "a run without does not" = [ ours.hello.requiredSystemFeatures [ ] ];
  };
in
pkgs.runCommand "check-hydra-jobs" { nativeBuildInputs = [ pkgs.gnugrep ]; } ''
  read -r count _ < ${evaluated}
  holds() { # SENTENCE COMMAND…
    "''${@:2}" || { echo "does not hold: $1" >&2; exit 1; }
    count=$((count + 1))
  }
  not() { ! "$@"; }
  is() { [ "$(cat "$2")" = "$1" ] || { cat "$2" >&2; return 1; }; }

  holds "the files are products" is \
'report testlog "${good}/log.txt"
report screen "${good}/screen.png"
report evidence "${good}/qmp.jsonl"
report result "${good}/results/a folder"
file result "${good}/results/the result.txt"' ${good}/nix-support/hydra-build-products
  holds "each is there" [ -s "${good}/results/the result.txt" -a -s ${good}/screen.png -a -s ${good}/qmp.jsonl ]
  holds "the seconds of the boot are a metric" grep -qx 'boot 12.5 s' ${good}/nix-support/hydra-metrics
  holds "and those of the run" grep -qE '^run [0-9]+ s$' ${good}/nix-support/hydra-metrics
  holds "the log is for a reader" not grep -q '@nix' ${good}/log.txt
  holds "no path in it keeps an image alive" not grep -rq ${baseNameOf "${product.wfvm-nix-builder}"} ${good}/log.txt ${good}/qmp.jsonl
  holds "a run that succeeded has not failed" [ ! -e ${good}/nix-support/failed ]
  holds "a run that failed has, and is kept" [ -e ${bad}/nix-support/failed -a -s ${bad}/screen.png ]
  holds "an aggregate of good ones is good" [ ! -e ${aggregate [ good ]}/nix-support/failed ]
  holds "one that failed fails it" [ -e ${aggregate [ good bad ]}/nix-support/failed ]
  echo "$count facts hold" | tee $out
''
