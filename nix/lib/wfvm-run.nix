{ check, machineArguments, network, program, spec, startedWith, ... }:

let
  seconds = { type = check.nullOr (check.int "an integer number of seconds" 0); default = null; };
in
/** A program that starts an image, runs a script beside it, and throws its changes away.

   # Type

   wfvm-run :: { name, image, script, … } -> Derivation with bin/wfvm-run-NAME

   The script is bash, with `win-exec`, `win-put`, `win-get` and `win-wait` on
   PATH; its exit status is the program's. `machine` changes how the image is
   started: by default as it was installed. */
check.function "wfvm-run"
  (network.arguments // startedWith.account // {
    name = { type = check.string; };
    # What makeWindowsImage or reviveWindowsVM returned, or any disk with that account and an SSH server.
    image = { type = check.file; };
    script = { type = check.string; };
    # How many guests, side by side. `win-exec --machine 2` talks to the second.
    machines = { type = check.int "an integer number of machines, at least 1" 1; default = 1; };
    display = { type = check.bool; default = false; };
    isolateNetwork = { type = check.bool; default = true; };
    forwardedPorts = network.forwards;
    # False: the guest's clock shows the time of the host.
    fakeRtc = { type = check.bool; default = true; };
    machine = { type = check.record startedWith.machine; default = { }; };
    # Added to those of the machine.
    inherit (machineArguments) extraQemuFlags;
    timeouts = {
      type = check.record { bootSeconds = seconds; scriptSeconds = seconds; };
      default = { };
    };
  })
  (arguments:
    let
      wanted = startedWith.start "wfvm-run" { inherit (arguments) image machine user login; };
      machine = wanted.machine // {
        extraQemuFlags = wanted.machine.extraQemuFlags ++ arguments.extraQemuFlags;
      } // (if arguments.fakeRtc then { } else { rtcBase = "localtime"; });
    in
    program {
      name = "wfvm-run-${arguments.name}";
      inherit (arguments) image;
      spec = spec.run { inherit arguments machine; inherit (wanted) login; };
    })
