# WFVM's door: every parameter of its makeWindowsImage reaches the spec, or is
# refused.
{ facts, product, pkgs, ... }:

let
  inherit (builtins) all attrNames hasAttr map;
  wfvm = import ../../wfvm { inherit pkgs; wfvm = product; };

  medium = pkgs.writeText "medium.iso" "";
  image = arguments: wfvm.makeWindowsImage ({ windowsImage = medium; } // arguments);
  spec = arguments: (image arguments).spec;
  refused = arguments: !(builtins.tryEval (image arguments).drvPath).success;
  commands = arguments: map (command: command.path) (spec arguments).answerFile.specializeCommands;
  account = name: arguments: builtins.head (builtins.filter (account: account.name == name) (spec arguments).answerFile.accounts);

  layer = { name = "first"; script = "win-exec ver"; };
  layerSpec = layer: (image { installCommands = [ layer ]; }).spec;

  cases = {
    pkgs = [ (image { inherit pkgs; }).drvPath (image { }).drvPath ];
    windowsImage = [ (spec { }).installationMedium "${medium}" ];
    diskImageSize = [ (spec { diskImageSize = "96G"; }).diskMib 98304 ];
    imageSelection = [ (spec { imageSelection = "Windows 11 Pro"; }).image { name = "Windows 11 Pro"; } ];
    efi = [ (spec { efi = false; }).machine.firmware "bios" ];
    enableTpm = [ (map (enableTpm: (spec { inherit enableTpm; }).machine.tpm) [ true false ]) [ true false ] ];
    cores = [ (map (cores: (spec { inherit cores; }).machine.cores) [ "8" 8 "08" ]) [ 8 8 8 ] ];
    qemuMem = [ (map (qemuMem: (spec { inherit qemuMem; }).machine.memoryMib) [ "8G" "512M" "2048" 2048 ]) [ 8192 512 2048 2048 ] ];
    baseRtc = [ (spec { baseRtc = "2024-01-01"; }).machine.rtcBase "2024-01-01" ];
    users = [ (account "alice" { users.alice = { password = "x"; groups = [ "Backup Operators" ]; }; }).groups [ "Users" "Backup Operators" ] ];
    defaultUser = [ (spec { users.alice.password = "x"; defaultUser = "alice"; }).answerFile.autoLogon "alice" ];
    administratorPassword = [ (map (administratorPassword: (spec { inherit administratorPassword; }).answerFile.administratorPassword or null) [ "x" null ]) [ "x" null ] ];
    fullName = [ (spec { fullName = "x"; }).answerFile.fullName "x" ];
    organization = [ (spec { organization = "x"; }).answerFile.organization "x" ];
    productKey = [ (spec { productKey = "x"; }).answerFile.productKey "x" ];
    uiLanguage = [ (spec { uiLanguage = "de-DE"; }).answerFile.uiLanguage "de-DE" ];
    inputLocale = [ (spec { inputLocale = "de-DE"; }).answerFile.inputLocale "de-DE" ];
    userLocale = [ (spec { userLocale = "de-DE"; }).answerFile.userLocale "de-DE" ];
    systemLocale = [ (spec { systemLocale = "de-DE"; }).answerFile.systemLocale "de-DE" ];
    timeZone = [ (spec { timeZone = "W. Europe Standard Time"; }).answerFile.timeZone "W. Europe Standard Time" ];
    setupCommands = [
      (spec { setupCommands = [ "a" { Path = "b"; Description = "c"; WillReboot = "OnRequest"; } ]; }).answerFile.specializeCommands
      [ { path = "a"; } { path = "b"; description = "c"; willReboot = "OnRequest"; } ]
    ];
    impureShellCommands = [ (commands { setupCommands = [ "a" ]; impureShellCommands = [ "z" ]; }) [ "a" "z" ] ];
    services = [
      (commands { services.Spooler = { StartupType = "Disabled"; PassThru = false; }; })
      [ "powershell.exe Set-Service -Name Spooler -PassThru -StartupType Disabled" ]
    ];
    installCommands = [ (map (image: image.name) (image { installCommands = [ layer (layer // { name = "second layer"; }) ]; }).layers) [ "RESTRICTDIST-first.img" "RESTRICTDIST-second-layer.img" ] ];
    offlineInstallCommands = [
      (map (image: image.name) (image { offlineInstallCommands = [ layer ]; installCommands = [ (layer // { name = "online"; }) ]; }).layers)
      [ "RESTRICTDIST-online.img" "RESTRICTDIST-first.img" ]
    ];
    impureMode = [ (image { impureMode = true; }).name "windows-install-script" ];
    allowNetworkAccessAtBuildTime = [ (map (allowNetworkAccessAtBuildTime: refused { inherit allowNetworkAccessAtBuildTime; }) [ false true ]) [ false true ] ];
    driveLetter = [ (image { driveLetter = "E:"; }).drvPath (image { }).drvPath ];
    autoUnattendParams = [ (image { autoUnattendParams.x = 1; }).drvPath (image { }).drvPath ];
  };

  defaults = spec { };
in
facts "wfvm-parameters" (
  builtins.listToAttrs (map (name: { name = "`${name}` arrives"; value = cases.${name}; }) (attrNames cases))
  // {
    "the machine's defaults are WFVM's" = [
      { inherit (defaults.machine) firmware tpm cores memoryMib rtcBase; disk = defaults.diskMib; }
      { firmware = "uefi"; tpm = true; cores = 4; memoryMib = 4096; rtcBase = "2022-10-10T10:10:10"; disk = 71680; }
    ];
    "the answer file's defaults are WFVM's" = [
      { inherit (defaults.answerFile) autoLogon administratorPassword fullName organization timeZone uiLanguage; inherit (defaults) image; }
      {
        autoLogon = "wfvm"; administratorPassword = "123456"; fullName = "John Doe"; organization = "KVM Authority";
        timeZone = "UTC"; uiLanguage = "en-US"; image.name = "Windows 11 Pro N";
      }
    ];
    "the account wfvm is always WFVM's" = [
      (account "wfvm" { users.wfvm.password = "other"; })
      { name = "wfvm"; password = "1234"; description = "WFVM Administrator"; displayName = ""; groups = [ "Users" "Administrators" ]; }
    ];
    "commands log in as wfvm" = [ defaults.login { user = "wfvm"; password = "1234"; } ];
    "without windowsImage it is the medium that WFVM asks for" =
      [ (all (windowsImage: (wfvm.makeWindowsImage windowsImage).name == "RESTRICTDIST-windows.img") [ { } { windowsImage = null; } ]) true ];
    "a string with a glob becomes one file of the build's" = [ (builtins.match ".*-installation-medium.iso" (spec { windowsImage = "${medium}/*.iso"; }).installationMedium != null) true ];
    "a string that no build can see is refused" = [ (refused { windowsImage = "/home/me/windows.iso"; }) true ];
    "an index as a string is an index" = [ (spec { imageSelection = "1"; }).image { index = 1; } ];
    "an unknown name has no effect" = [ (image { diskSize = 3; }).drvPath (image { }).drvPath ];
    "an unknown name of a user is refused" = [ (refused { users.alice = { password = "x"; pasword = "y"; }; }) true ];
    "a defaultUser who is not there is refused" = [ (refused { defaultUser = "alice"; }) true ];
    "nobody to log on is refused" = [ (refused { defaultUser = null; }) true ];
    "a command without Description is refused" = [ (refused { setupCommands = [ { Path = "x"; } ]; }) true ];
    "words are refused where a number should be" = [ (map (cores: refused { inherit cores; }) [ "four" "" "4 " ]) [ true true true ] ];
    "words are refused where true or false should be" = [ (map refused [ { efi = "yes"; } { enableTpm = 1; } ]) [ true true ] ];
    "a size without sense is refused" = [ (map (diskImageSize: refused { inherit diskImageSize; }) [ "70 G" "big" [ ] ]) [ true true true ] ];
    "every parameter of WFVM's that has another name here has a case" =
      [ (builtins.filter (name: !(hasAttr name cases)) (import ../../wfvm/parameters.nix { inherit pkgs; }).names) [ ] ];
    "a layer is not strict unless it says so" = [ (map (strict: (layerSpec (layer // strict)).strict) [ { } { strict = true; } ]) [ false true ] ];
    "a layer may have attributes of other people's" = [ (image { installCommands = [ (layer // { meta = { }; priority = 3; }) ]; }).drvPath (image { installCommands = [ layer ]; }).drvPath ];
    "an attribute of a layer that is nearly known has no effect" =
      [ (image { installCommands = [ (layer // { buildInput = [ pkgs.socat ]; }) ]; }).drvPath (image { installCommands = [ layer ]; }).drvPath ];
    "port 2022 is there for a layer that names it" =
      [ (map (script: (layerSpec (layer // { inherit script; })).network.sshPort or null) [ "ssh -p 2022 wfvm@localhost" "true" ]) [ 2022 null ] ];
    "a layer that is still a function is refused" = [ (refused { installCommands = [ (list: layer) ]; }) true ];
    "layers and impureMode exclude each other" = [ (refused { impureMode = true; installCommands = [ layer ]; }) true ];
  }
)
