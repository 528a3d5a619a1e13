{ check, machineArguments, pkgs, spec, storeName, wfvm-nix-builder, ... }:

let
  seconds = { type = check.nullOr (check.int "an integer number of seconds" 0); default = null; };

  # A disk that nobody described, as WFVM starts it.
  plainMachine = spec.machine (builtins.mapAttrs (_: argument: argument.default) machineArguments // { cores = 4; memoryMib = 4096; });
  plainLogin = { user = "wfvm"; password = "1234"; };
in
/** A program that starts an image, runs a script beside it, and throws its changes away.

   # Type

   wfvm-run :: { name, image, script, … } -> Derivation with bin/wfvm-run-NAME

   The script is bash, with `win-exec`, `win-put`, `win-get` and `win-wait` on
   PATH; its exit status is the program's. `machine` changes how the image is
   started: by default as it was installed. */
check.function "wfvm-run"
  {
    name = { type = check.string; };
    # What makeWindowsImage returned, or any disk with that account and an SSH server.
    image = { type = check.file; };
    script = { type = check.string; };
    display = { type = check.bool; default = false; };
    isolateNetwork = { type = check.bool; default = true; };
    # The guest connects to listenAddr:port and reaches targetAddr:port.
    forwardedPorts = {
      type = check.listOf (check.record {
        listenAddr = { type = check.string; };
        targetAddr = { type = check.string; };
        port = { type = check.int "a port number" 1; };
      });
      default = [ ];
    };
    # False: the guest's clock shows the time of the host.
    fakeRtc = { type = check.bool; default = true; };
    machine = {
      type = check.record (builtins.mapAttrs (_: argument: { type = check.nullOr argument.type; default = null; }) machineArguments);
      default = { };
    };
    login = {
      type = check.nullOr (check.record { user = { type = check.string; }; password = { type = check.string; }; });
      default = null;
    };
    timeouts = {
      type = check.record { bootSeconds = seconds; scriptSeconds = seconds; };
      default = { };
    };
  }
  (arguments:
    let
      # A consumer may have replaced passthru: then the image counts as a plain disk.
      described = if builtins.isAttrs arguments.image then arguments.image.passthru or { } else { };
      changed = builtins.listToAttrs (builtins.filter (field: field.value != null)
        (map (name: { inherit name; value = arguments.machine.${name}; }) (builtins.attrNames arguments.machine)));
      machine = described.machine or plainMachine // changed
        // (if arguments.fakeRtc then { } else { rtcBase = "localtime"; });
      login = if arguments.login != null then arguments.login else described.login or plainLogin;
      runSpec = spec.run { inherit arguments machine login; };
      program = "wfvm-run-${arguments.name}";
      specFile = pkgs.writeText "${storeName program}.json" (builtins.toJSON runSpec);
    in
    (pkgs.writeShellScriptBin (storeName program) ''
      exec ${wfvm-nix-builder}/bin/wfvm-nix-builder run --spec ${specFile} "$@"
    '').overrideAttrs (previous: {
      passthru = previous.passthru or { } // { inherit (arguments) image; spec = runSpec; };
      meta = previous.meta or { } // { mainProgram = storeName program; };
    }))
