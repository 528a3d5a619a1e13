# What is said of an image: the medium in all its forms, the edition, languages, accounts.
{ pkgs, wfvm, ... }:

let
  inherit (builtins) match tryEval;

  isos = pkgs.runCommand "isos" { } "";
  medium = windowsImage: (wfvm.makeWindowsImage { inherit windowsImage; }).spec.installationMedium;

  required = pkgs.requireFile {
    name = "Win11_English.iso";
    sha256 = "0000000000000000000000000000000000000000000000000000";
    message = "download it";
  };

  british = wfvm.makeWindowsImage {
    windowsImage = required;
    imageSelection = "Windows 10 Pro";
    productKey = "VK7JG-NPHTM-C97JM-9MPGT-3V66T";
    uiLanguage = "en-US";
    inputLocale = "en-GB";
    userLocale = "en-GB";
    systemLocale = "en-GB";
    administratorPassword = "12345";
    fullName = "M-Labs";
    organization = "M-Labs";
    diskImageSize = "96G";
    users = {
      artiq = {
        password = "1234";
        description = "Default user";
        displayName = "Display name";
        groups = [ "Administrators" ];
      };
    };
    defaultUser = "artiq";
  };
  answers = british.spec.answerFile;
  account = builtins.head (builtins.filter (account: account.name == "artiq") answers.accounts);
  # Only in comments of the field's expressions, and public all the same.
  rare = wfvm.makeWindowsImage {
    windowsImage = required;
    efi = false;
    enableTpm = false;
    cores = "8";
    qemuMem = "16G";
    baseRtc = "2024-02-03T04:05:06";
    timeZone = "W. Europe Standard Time";
    services.sshd = { StartupType = "Automatic"; PassThru = true; };
    setupCommands = [ "reg add HKLM\\Software\\X /v A /t REG_SZ /d B /f" ];
    impureShellCommands = [ { Path = "powershell.exe echo Hello"; Description = "Say hello"; } ];
  };
in
{
  facts = {
    "the medium is a derivation" = [ (medium required) "${required}" ];
    "the medium is a file of a derivation" = [ (medium (isos + "/windows.iso")) "${isos}/windows.iso" ];
    "the medium is a glob" = [ (match "/nix/store/.*-installation-medium.iso" (medium "${isos}/*.iso") != null) true ];
    "a relative string is refused" = [ (tryEval (medium "windows.iso")).success false ];
    "the image is called as WFVM's" = [ british.name "RESTRICTDIST-windows.img" ];
    "the image itself is its first output" = [ british.outputName "out" ];
    "the edition is selected by name" = [ british.spec.image { name = "Windows 10 Pro"; } ];
    "the disk has the size" = [ british.spec.diskMib (96 * 1024) ];
    "owner, key and password are those" = [
      { inherit (answers) fullName organization productKey administratorPassword; }
      { fullName = "M-Labs"; organization = "M-Labs"; productKey = "VK7JG-NPHTM-C97JM-9MPGT-3V66T"; administratorPassword = "12345"; }
    ];
    "the languages are those" = [
      { inherit (answers) uiLanguage inputLocale userLocale systemLocale; }
      { uiLanguage = "en-US"; inputLocale = "en-GB"; userLocale = "en-GB"; systemLocale = "en-GB"; }
    ];
    "the account is that" = [
      account
      { name = "artiq"; password = "1234"; description = "Default user"; displayName = "Display name"; groups = [ "Users" "Administrators" ]; }
    ];
    "it is logged on, and commands run as wfvm" = [ [ answers.autoLogon british.login.user ] [ "artiq" "wfvm" ] ];
    "both can be asked for" = [ (builtins.attrNames british.logins) [ "artiq" "wfvm" ] ];
    "the machine is what was said" = [
      { inherit (rare.machine) firmware tpm cores memoryMib rtcBase; }
      { firmware = "bios"; tpm = false; cores = 8; memoryMib = 16384; rtcBase = "2024-02-03T04:05:06"; }
    ];
    "commands come in WFVM's order" = [
      (map (command: command.path) rare.spec.answerFile.specializeCommands)
      [ "reg add HKLM\\Software\\X /v A /t REG_SZ /d B /f" "powershell.exe Set-Service -Name sshd -PassThru -StartupType Automatic" "powershell.exe echo Hello" ]
    ];
    "what nobody knows has no effect" = [
      (wfvm.makeWindowsImage { windowsImage = required; autoUnattendParams = { x = 1; }; driveLetter = "D:"; whatever = true; }).drvPath
      (wfvm.makeWindowsImage { windowsImage = required; }).drvPath
    ];
  };
}
