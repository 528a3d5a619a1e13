# A jobset of a project: its image, its tests in it, and one job for both. Hydra
# calls it with the inputs of the jobset: docs/how-to/run-on-hydra.md.
{ pkgs, wfvm }:

let
  # Seconds. Hydra's own limits are ten hours, and an hour or two without output.
  limited = more: package: package // {
    meta = package.meta or { } // { timeout = 4 * 60 * 60; maxSilent = 60 * 60; } // more;
  };

  image = wfvm.makeWindowsImage {
    # Without these two lines: Windows 11, from your ISO, on machines with KVM.
    guestOs = "reference-guest";
    accelerator = "tcg";
    layers = [ { name = "tools"; script = "win-put ${../hello.c} 'C:\\' --as tool.c"; } ];
  };

  # What the script leaves in its directory can be downloaded from the job's page.
  test = name: script: limited { } (wfvm.hydraReport {
    inherit name;
    run = wfvm.wfvm-run { inherit name image script; };
    # A failed test keeps its screen and its logs.
    keepFailed = true;
  });

  tests = {
    tool-is-there = test "tool-is-there" "win-exec 'type C:\\tool.c' > tool.txt";
    version = test "version" "win-exec ver > version.txt";
  };
in
{
  # First, since everything else waits for it.
  image = limited { schedulingPriority = 200; } image;
  inherit tests;
  release = wfvm.hydraAggregate { name = "release"; constituents = builtins.attrValues tests; };
}
