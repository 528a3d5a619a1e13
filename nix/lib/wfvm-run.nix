{ check, machineArguments, network, program, spec, started, ... }:

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
  (network.arguments // {
    name = { type = check.string; };
    # What makeWindowsImage returned, or any disk with that account and an SSH server.
    image = { type = check.file; };
    script = { type = check.string; };
    display = { type = check.bool; default = false; };
    isolateNetwork = { type = check.bool; default = true; };
    forwardedPorts = network.forwards;
    # False: the guest's clock shows the time of the host.
    fakeRtc = { type = check.bool; default = true; };
    machine = {
      type = check.record (builtins.mapAttrs (_: argument: { type = check.nullOr argument.type; default = null; }) machineArguments);
      default = { };
    };
    # Added to those of the machine.
    inherit (machineArguments) extraQemuFlags;
    # Of the image's accounts, who commands run as.
    user = { type = check.nullOr check.string; default = null; };
    # An account, if the image does not say.
    login = {
      type = check.nullOr (check.record { user = { type = check.string; }; password = { type = check.string; }; });
      default = null;
    };
    timeouts = {
      type = check.record { bootSeconds = seconds; scriptSeconds = seconds; };
      default = { };
    };
  })
  (arguments:
    let
      usual = started arguments.image;
      given = builtins.listToAttrs (builtins.filter (field: field.value != null)
        (map (name: { inherit name; value = arguments.machine.${name}; }) (builtins.attrNames arguments.machine)));
      wanted = usual.machine // given;
      machine = wanted // {
        extraQemuFlags = wanted.extraQemuFlags ++ arguments.extraQemuFlags;
      } // (if arguments.fakeRtc then { } else { rtcBase = "localtime"; });
      inherit (usual) logins;
      login =
        if arguments.login != null then arguments.login
        else if arguments.user == null then usual.login
        else logins.${arguments.user} or (throw
          (''wfvm.wfvm-run: `user` is "${arguments.user}", which is none of the image's accounts.''
            + (if logins == { } then " The image does not list them; `login` takes a user and a password."
               else check.didYouMean (builtins.attrNames logins) arguments.user)));
    in
    program {
      name = "wfvm-run-${arguments.name}";
      inherit (arguments) image;
      spec = spec.run { inherit arguments machine login; };
    })
