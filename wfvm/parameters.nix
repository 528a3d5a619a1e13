# WFVM's parameters of makeWindowsImage, each as arguments of nix/lib/makeWindowsImage.nix.
{
  # For what a value has to be built for.
  pkgs,
}:

let
  inherit (builtins)
    attrNames attrValues concatStringsSep filter hasAttr isAttrs isBool isString
    map mapAttrs match removeAttrs stringLength substring;
  inherit (import ../nix/nearest.nix) nearest;
  inherit (import ./values.nix "wfvm.makeWindowsImage") boolean fail integer machine mebibytes sshPort warn;

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

  # A record that WFVM takes: other attributes are tolerated, and old scripts go on after a failure.
  layerNames = attrNames (import ../nix/layer-record.nix {
    check = import ../nix/check.nix;
    network = import ../nix/network.nix { check = import ../nix/check.nix; };
  });
  layer = argument: record:
    let
      misspelt = filter (name: !(builtins.elem name layerNames) && nearest layerNames name != null) (attrNames record);
      port = if isString record.script or null then sshPort record.script else null;
      network = record.network or { };
    in
    if !isAttrs record then
      fail "an item of `${argument}` should be a layer, a set with `name` and `script`. A layer that is a function, such as `layers.msys2-packages`, wants its arguments first."
    else
      builtins.foldl'
        (value: name: warn "a layer${if record ? name then " (`${record.name}`)" else ""} has `${name}`, which is not known and has no effect. Did you mean `${nearest layerNames name}`?" value)
        ({ strict = false; } // removeAttrs record misspelt
          // (if port == null || network ? sshPort then { } else { network = network // { sshPort = port; }; }))
        misspelt;

  translate = machine // {
    # Name of WFVM's = value: arguments of ours. What several make together is put together below.
    pkgs = _: { };
    windowsImage = value: if value == null then { } else { windowsImage = medium value; };
    diskImageSize = value: { diskMib = mebibytes "diskImageSize" 1 value; };
    imageSelection = value: {
      imageSelection = if isString value && match "[0-9]+" value != null then { index = integer "imageSelection" value; } else value;
    };
    users = _: { };
    defaultUser = value: if value == null then fail "`defaultUser` is null, but the last step of an installation runs at the first logon of somebody." else { autoLogon = value; };
    setupCommands = _: { };
    services = _: { };
    impureShellCommands = _: { };
    installCommands = _: { };
    offlineInstallCommands = _: { };
    impureMode = _: { };
    driveLetter = value: if value == "D:" then { } else warn "`driveLetter` has no effect: the medium is found by its content." { };
    # Of a fork, where it held for all layers.
    allowNetworkAccessAtBuildTime = value:
      if !value then { } else fail "`allowNetworkAccessAtBuildTime` is said by the layer that needs it: `network.open = true; impure = true;`.";
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
    installCommands = [ ];
    offlineInstallCommands = [ ];
    impureMode = false;
  };

  together = arguments: {
    users = accounts arguments.users;
    specializeCommands = arguments.specializeCommands or [ ]
      ++ map (command "setupCommands") arguments.setupCommands
      ++ attrValues (mapAttrs service arguments.services)
      ++ map (command "impureShellCommands") arguments.impureShellCommands;
    layers = map (layer "installCommands") arguments.installCommands
      ++ map (layer "offlineInstallCommands") arguments.offlineInstallCommands
      ++ arguments.layers or [ ];
  };
in
{
  names = attrNames translate;

  /** Arguments of ours from WFVM's parameters.   # Type  arguments :: [String] -> { } -> { } */
  arguments = accepted: given:
    let
      unknown = filter (name: !(hasAttr name translate || builtins.elem name accepted)) (attrNames given);
      warned = builtins.foldl'
        (value: name:
          let candidate = nearest (attrNames translate ++ accepted) name;
          in warn "`${name}` is not known and has no effect.${if candidate == null then "" else " Did you mean `${candidate}`?"}" value)
        given
        unknown;
      # The guest's own defaults are better than WFVM's for another guest.
      wfvms = if warned.guestOs or null != "reference-guest" then defaults
        else removeAttrs defaults [ "imageSelection" "diskImageSize" "cores" "qemuMem" "enableTpm" ];
      all = wfvms // warned;
      translated = builtins.foldl' (done: name: done // translate.${name} all.${name}) { }
        (filter (name: hasAttr name all) (attrNames translate));
      same = builtins.listToAttrs (map (name: { inherit name; value = all.${name}; })
        (filter (name: hasAttr name all && !(hasAttr name translate)) accepted));
      layers = (together all).layers;
    in
    {
      impureMode = boolean "impureMode" all.impureMode
        && (layers == [ ] || fail "`impureMode = true` installs the image below the layers, so there must be none.");
      ours = same // translated // together all;
    };
}
