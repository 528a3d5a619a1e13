# A derivation becomes one whose builder runs in Windows: the work of runInWindowsVM.
{ check, network, pkgs, product, spec, started, storeName, wfvm-nix-builder, ... }:

let
  inherit (builtins) attrNames concatStringsSep filter hasAttr intersectAttrs isAttrs isFunction length listToAttrs
    map match removeAttrs toJSON;

  seconds = { type = check.nullOr (check.int "an integer number of seconds" 0); default = null; };

  # vmTools' users write numbers as strings, too.
  mebibytes = check.either (check.int "an integer number of MiB" 1) check.string;

  # Attributes of the derivation that are said to us, not to its builder.
  fields = {
    # The image; a set is an ISO that is yet to be installed.
    windowsImage = { type = check.any; default = null; };
    diskImage = { type = check.any; default = null; };
    windowsShell = { type = check.nullOr (check.oneOf [ "cmd" "powershell" "pwsh" "bash" ]); default = null; };
    # Whether `/nix/store/…` is `S:\…` in variables, arguments and scripts.
    translatePaths = { type = check.bool; default = true; };
    successExitCodes = { type = check.listOf (check.int "an exit code" 0); default = [ 0 ]; };
    executables = { type = check.nullOr (check.listOf check.string); default = null; };
    # Whether the guest may end itself instead of its builder.
    expectShutdown = { type = check.bool; default = false; };
    # Where `%out%` is: on the exchange drive (FAT32), or on C:, from where it comes as a tar stream.
    outputPlace = { type = check.oneOf [ "exchange" "system" ]; default = "exchange"; };
    exchangeMib = { type = check.int "an integer number of MiB" 64; default = 16384; };
    driveLetters = import ./drive-letters.nix { inherit check; };
    preVM = { type = check.string; default = ""; };
    postVM = { type = check.string; default = ""; };
    QEMU_OPTS = { type = check.string; default = ""; };
    keepFailedDisk = { type = check.bool; default = true; };
    memSize = { type = check.nullOr mebibytes; default = null; };
    enableParallelBuilding = { type = check.bool; default = false; };
    accelerator = { type = check.nullOr (check.oneOf [ "kvm" "tcg" "auto" ]); default = null; };
    # QEMU's -rtc base=; absent: the time of the host.
    baseRtc = { type = check.nullOr check.string; default = null; };
    network = {
      type = check.record {
        open = { type = check.bool; default = false; };
        inherit (network) forwards;
        inherit (network.arguments) reachable;
      };
      default = { };
    };
    # The builder; Nix' own limits are above it.
    timeoutSeconds = seconds;
    bootTimeoutSeconds = seconds;
  };

  integer = text: if match "[0-9]+" text == null then null else builtins.fromJSON text;

  # Attributes of a derivation, wherever its author has put them.
  given = drv: intersectAttrs fields (drv.passthru or { }) // intersectAttrs fields drv.drvAttrs;

  imageOf = function: image: arguments:
    let
      named = filter (value: value != null) [ image arguments.windowsImage arguments.diskImage ];
      value = builtins.head named;
      isIso = isAttrs value && value ? isoFile;
    in
    if named == [ ] then throw ''
      wfvm.${function}: the derivation names no image.
      Give it the attribute `windowsImage` or `diskImage`: what makeWindowsImage returned, or the path of a qcow2 file.''
    else if isIso then product.makeWindowsImage
      ({ windowsImage = value.isoFile; } // intersectAttrs { productKey = null; imageSelection = null; accelerator = null; } value)
    else if check.file.problems "windowsImage" value == [ ] then value
    else throw "wfvm.${function}: ${concatStringsSep "\n" (check.file.problems "windowsImage" value)}";

  hasBash = image: image.windowsShell or null == "bash"
    || builtins.any (layer: match ".*-msys2.*" (layer.name or "") != null) (image.layers or [ ]);

  # What runs in the guest, and what of the derivation that needs.
  commandOf = function: drv: image: arguments:
    let
      attributes = drv.drvAttrs;
      shell = if arguments.windowsShell != null then arguments.windowsShell else image.windowsShell or "cmd";
      needs = removeAttrs attributes (attrNames fields);
      withoutHost = removeAttrs needs [ "builder" "args" "stdenv" "PATH" ];
    in
    if attributes ? buildCommand then {
      command.script = { inherit shell; };
      needs = withoutHost;
    }
    else if attributes ? stdenv then
      if shell == "bash" && hasBash image then {
        command.phases.script = ''
          postHook="PATH=/usr/bin:/bin:/usr/sbin:/sbin SHELL=/bin/sh; ''${postHook-}"
          fixupPhase=:
          source ${builtins.elemAt attributes.args (length attributes.args - 1)}
        '';
        inherit needs;
      }
      else throw ''
        wfvm.${function}: `${drv.name}` has phases, which are bash's, and ${if shell == "bash" then "its image has no bash" else "its `windowsShell` is \"${shell}\""}.
        Either give it a `buildCommand`, or an image with the layer `msys2` and `windowsShell = "bash"`.''
    else {
      command = "verbatim";
      # In arguments Nix puts the paths of outputs, which it does not do in a file.
      words = [ "--" attributes.builder ] ++ attributes.args or [ ];
      inherit needs;
    };

  # All store paths that a value leads to, one in each line. The value as a file has them as
  # references; it is not among them.
  closureOf = name: value:
    let references = pkgs.writeText "${name}-inputs.json" (toJSON value);
    in pkgs.runCommand "${name}-closure" { exportReferencesGraph = [ "graph" references ]; } ''
      while read -r path; do
        read -r _deriver
        read -r count
        for ((; count > 0; count--)); do read -r _reference; done
        [ "$path" = ${references} ] || printf '%s\n' "$path"
      done < graph > $out
    '';

  # As `.overrideAttrs` of the derivation, also of one that has none.
  overridden = drv: change:
    if drv ? overrideAttrs then drv.overrideAttrs change
    else
      let
        old = drv.drvAttrs;
        first = if isFunction change then change old else change;
        new = old // (if isFunction first then change (old // first old) old else first);
      in
      derivation new // intersectAttrs { meta = null; passthru = null; } drv;

  make = from@{ function, image }: drv:
    let
      problems = (check.record fields).problemsIn "" (given drv);
      arguments = (check.record fields).fill (given drv) // {
        memSize = let size = (given drv).memSize or null; in
          if !builtins.isString size then size
          else if integer size != null then integer size
          else throw ''wfvm.${function}: `memSize` is "${size}", but it should be a number of MiB.'';
      };
      theImage = imageOf function image arguments;
      usual = started theImage;
      machine = usual.machine
        // (if arguments.memSize == null then { } else { memoryMib = arguments.memSize; })
        // (if arguments.accelerator == null then { } else { inherit (arguments) accelerator; })
        // { rtcBase = if arguments.baseRtc == null then "utc" else arguments.baseRtc; };
      how = commandOf function drv theImage arguments;
      name = storeName drv.name;
      description = spec.build {
        inherit name arguments machine;
        inherit (usual) login;
        inherit (how) command;
        image = theImage;
        closure = "${closureOf name how.needs}";
      };
      features = drv.drvAttrs.requiredSystemFeatures or [ ];
      primitive = derivation (removeAttrs drv.drvAttrs (attrNames fields) // {
        inherit (pkgs.stdenv.hostPlatform) system;
        builder = "${wfvm-nix-builder}/bin/wfvm-nix-builder";
        args = [ "build" "--spec" (pkgs.writeText "${name}-windows.json" (toJSON description)) ] ++ how.words or [ ];
        requiredSystemFeatures =
          features ++ (if machine.accelerator == "kvm" && !(builtins.elem "kvm" features) then [ "kvm" ] else [ ]);
      });
      passthru = drv.passthru or { } // {
        spec = description;
        image = theImage;
        # The derivation that would run on the host, and the system that it was for.
        unwrapped = drv;
        guestSystem = drv.drvAttrs.system;
      };
    in
    if problems != [ ] then throw (concatStringsSep "\n" (map (problem: "wfvm.${function}: ${problem}") problems))
    else removeAttrs drv (attrNames fields) // primitive // passthru // {
      inherit passthru;
      meta = drv.meta or { };
      overrideAttrs = change: make from (overridden drv change);
    } // (if drv ? override then { override = change: make from (drv.override change); } else { });
in
from: drv:
if isAttrs drv && drv ? drvAttrs then make from drv
else throw "wfvm.${from.function}: its argument should be a derivation."
