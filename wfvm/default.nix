# WFVM's own interface: its names, its strings, its silences (with a warning).
#
# Everything is translated here into the arguments of nix/lib; nothing behind
# this file knows the old words.
{
  pkgs,
  wfvm ? import ../nix { inherit pkgs; },
}:

let
  inherit (builtins)
    attrNames attrValues concatStringsSep elemAt filter fromJSON hasAttr intersectAttrs
    isAttrs isBool isInt isString map mapAttrs match removeAttrs stringLength substring;
  inherit (import ../nix/nearest.nix) nearest;

  here = "wfvm.makeWindowsImage";
  warn = message: value: (builtins.warn or (message: builtins.trace "warning: ${message}")) "${here}: ${message}" value;
  fail = message: throw "${here}: ${message}";

  boolean = name: value: if isBool value then value else fail "`${name}` should be true or false.";

  # "4" or 4.
  integer = name: value:
    if isInt value then value
    else if isString value && match "0*[0-9]{1,18}" value != null
    then fromJSON (elemAt (match "0*([0-9]+)" value) 0)
    else fail ''`${name}` should be an integer, or a string of digits such as "4".'';

  # QEMU's sizes ("70G", "512M", 8192) as MiB. `unit` is that of a bare number, in bytes.
  mebibytes = name: unit: value:
    let
      parts = match "([0-9]+)([kKmMgGtT]?)[iI]?[bB]?" (if isInt value then toString value else value);
      bytes = { "" = unit; k = 1024; m = 1048576; g = 1073741824; t = 1099511627776; };
      letter = elemAt parts 1;
      lower = builtins.replaceStrings [ "K" "M" "G" "T" ] [ "k" "m" "g" "t" ] letter;
    in
    if !(isInt value || isString value) || parts == null
    then fail ''`${name}` should be a size such as "70G" or "4096M".''
    else integer name (elemAt parts 0) * bytes.${lower} / 1048576;

  # WFVM puts this value into a shell command as it stands, so a glob works there.
  medium = value:
    if !isString value then value
    else if match ".*[*?[].*" value != null then
      pkgs.runCommand "installation-medium.iso" { } ''
        shopt -s nullglob
        found=(${value})
        if [ ''${#found[@]} != 1 ]; then
          echo "windowsImage matches ''${#found[@]} files, but it should match one: ${value}" >&2
          exit 2
        fi
        ln -s "''${found[0]}" $out
      ''
    else if builtins.hasContext value || substring 0 (stringLength builtins.storeDir) value == builtins.storeDir then value
    else fail ''`windowsImage` is the string "${value}", which no build can see. Write it as a path, without quotes, or add the file to the Nix store.'';

  # WFVM's type: { password; description ? ""; displayName ? ""; groups ? []; }.
  accounts = users: mapAttrs (_: user: user // { groups = [ "Users" ] ++ user.groups or [ ]; })
    (users // { wfvm = { password = "1234"; description = "WFVM Administrator"; groups = [ "Administrators" ]; }; });

  # A string, or a set whose attributes are elements of RunSynchronousCommand.
  command = argument: value:
    let known = { Path = "path"; Description = "description"; WillReboot = "willReboot"; };
    in
    if isString value then value
    else if !isAttrs value || !(value ? Path && value ? Description) then
      fail "an item of `${argument}` should be a string, or a set with `Path` and `Description`."
    else builtins.listToAttrs (map
      (name: {
        name = known.${name} or (fail "`${argument}` has an item with `${name}`, which is not one of `Path`, `Description`, `WillReboot`.");
        value = value.${name};
      })
      (attrNames value));

  # Without WFVM's `-Force`, which Set-Service of Windows PowerShell 5.1 lacks.
  # A boolean, whichever, is a bare switch, as in WFVM.
  service = name: parameters: concatStringsSep " " ([ "powershell.exe Set-Service -Name ${name}" ]
    ++ attrValues (mapAttrs (parameter: value: if isBool value then "-${parameter}" else "-${parameter} ${value}") parameters));

  translate = {
    # name of WFVM's = value: arguments of nix/lib/makeWindowsImage.nix
    pkgs = _: { };
    windowsImage = value: if value == null then { } else { windowsImage = medium value; };
    diskImageSize = value: { diskMib = mebibytes "diskImageSize" 1 value; };
    imageSelection = value: {
      imageSelection = if isString value && match "[0-9]+" value != null then { index = integer "imageSelection" value; } else value;
    };
    efi = value: { firmware = if boolean "efi" value then "uefi" else "bios"; };
    enableTpm = value: { tpm = boolean "enableTpm" value; };
    cores = value: { cores = integer "cores" value; };
    qemuMem = value: { memoryMib = mebibytes "qemuMem" 1048576 value; };
    baseRtc = value: { rtcBase = value; };
    users = _: { };
    defaultUser = value: if value == null then fail "`defaultUser` is null, but the last step of an installation runs at the first logon of somebody." else { autoLogon = value; };
    setupCommands = _: { };
    services = _: { };
    impureShellCommands = _: { };
    installCommands = value: if value == [ ] then { } else fail "`installCommands` is not there yet: layers cannot be built by this version.";
    offlineInstallCommands = value: if value == [ ] then { } else fail "`offlineInstallCommands` is not there yet: layers cannot be built by this version.";
    impureMode = value: if !boolean "impureMode" value then { } else fail "`impureMode = true` is not supported: the image is built in the sandbox. `wfvm-run` with `display = true` shows a window.";
    driveLetter = value: if value == "D:" then { } else warn "`driveLetter` has no effect: the medium is found by its content." { };
    autoUnattendParams = value: if value == { } then { } else warn "`autoUnattendParams` has no effect, as in WFVM." { };
  };

  defaults = {
    imageSelection = "Windows 11 Pro N";
    diskImageSize = "70G";
    efi = true;
    enableTpm = true;
    cores = "4";
    qemuMem = "4G";
    baseRtc = "2022-10-10T10:10:10";
    users = { };
    defaultUser = "wfvm";
    administratorPassword = "123456";
    setupCommands = [ ];
    services = { };
    impureShellCommands = [ ];
  };

  makeWindowsImage = given:
    let
      product = if given ? pkgs then import ../nix { inherit (given) pkgs; } else wfvm;
      # Names that are new here, and those that were WFVM's as well and mean the same.
      accepted = product.makeWindowsImage.__functionArgs;
      unknown = filter (name: !(hasAttr name translate || hasAttr name accepted)) (attrNames given);
      warned = builtins.foldl'
        (value: name:
          let candidate = nearest (attrNames (translate // accepted)) name;
          in warn "`${name}` is not known and has no effect.${if candidate == null then "" else " Did you mean `${candidate}`?"}" value)
        given
        unknown;
      # The guest's own defaults are better than WFVM's for another guest.
      wfvms = if warned.guestOs or "windows-11" == "windows-11" then defaults
        else removeAttrs defaults [ "imageSelection" "diskImageSize" "cores" "qemuMem" "enableTpm" ];
      arguments = wfvms // warned;
      translated = builtins.foldl' (done: name: done // translate.${name} arguments.${name}) { }
        (filter (name: hasAttr name arguments) (attrNames translate));
    in
    product.makeWindowsImage (intersectAttrs accepted (removeAttrs arguments (attrNames translate)) // translated // {
      users = accounts arguments.users;
      specializeCommands = arguments.specializeCommands or [ ]
        ++ map (command "setupCommands") arguments.setupCommands
        ++ attrValues (mapAttrs service arguments.services)
        ++ map (command "impureShellCommands") arguments.impureShellCommands;
    });
in
{
  # As a set, so that tests can ask which of its names are translated.
  makeWindowsImage = { __functor = _: makeWindowsImage; translated = attrNames translate; };

  utils = {
    inherit (wfvm) wfvm-run;
    inherit (pkgs) OVMF qemu;
    win-exec = wfvm.wfvm-nix-builder;
    win-get = wfvm.wfvm-nix-builder;
    win-put = wfvm.wfvm-nix-builder;
    win-wait = wfvm.wfvm-nix-builder;
  };
}
