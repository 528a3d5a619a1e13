# `hydraJobs`: the demo image, what runs in it, the checks, and `release`, which
# succeeds when all of them do. A jobset of your own: examples/hydra/jobs.nix.
{ pkgs, wfvm }:

let
  inherit (builtins) attrValues mapAttrs;

  # Hydra ends a job after ten hours, or an hour or two without output. Here what
  # hangs ends by deadlines of its own, whose message is better, so these limits are
  # longer than any of them that the jobs have: docs/reference/deadlines.md.
  job = limits: package: package // {
    meta = package.meta or { } // { timeout = 3 * 60 * 60; maxSilent = 30 * 60; } // limits;
  };

  # What everything else waits for.
  demoImage = job { schedulingPriority = 200; } wfvm.demoImage;
  hello = job { } (wfvm.hydraReport {
    name = "hello-report";
    inherit (import ../../examples/hello.nix { inherit pkgs wfvm; }) run;
    keepFailed = true;
  });
  checks = mapAttrs (_: job { }) wfvm.checks;
in
{
  inherit demoImage hello checks;

  release = job { description = "All that a release of wfvm has to pass"; } (wfvm.hydraAggregate {
    name = "wfvm-release";
    constituents = [ demoImage hello ] ++ attrValues checks;
  });
}
