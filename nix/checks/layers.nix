# The included layers as values: names, rules, command lines, and what a mistake says.
{ facts, pkgs, product, sources, ... }:

let
  inherit (builtins) attrNames concatStringsSep elemAt filter head isAttrs isList isString length map match readFile replaceStrings split;
  inherit (product) layers;

  file = ../../tests/installers/package.wxs;
  functions = {
    conda-channel = layers.conda-channel { packages = [ file ]; install = [ "numpy=2.1" ]; environment = "work"; };
    driver = layers.driver { source = file; inf = "amd64/a.inf"; };
    inno-setup = layers.inno-setup { source = file; arguments = [ "/DIR=C:\\a b\\" "/TASKS=x" ]; };
    msi = layers.msi { source = file; properties = { ALLUSERS = "1"; GREETING = "hello you"; }; };
    msys2-packages = layers.msys2-packages [ file ];
    registry = layers.registry { keys."HKLM\\SOFTWARE\\X".Y = 1; };
  };
  records = removeAttrs layers (attrNames functions ++ [ "collapseLayers" ]) // functions;

  lines = text: filter (line: isString line && line != "") (split "\n" text);
  # What the guest is told, line by line, without paths of the store.
  commands = layer: filter (line: line != null) (map
    (line: let found = match " *win-exec (--exit-code exit-code )?'([^']*)'.*" line; in if found == null then null else elemAt found 1)
    (lines layer.script));
  command = layer: number: elemAt (commands layer) number;
  said = layer: text: filter (line: match ".*${text}.*" line != null) (lines layer.script) != [ ];

  problems = function: arguments: concatStringsSep "\n" (function.problems arguments);
  has = text: part: replaceStrings [ part ] [ "" ] text != text;

  page = readFile ../../docs/reference/layers.md;
  documented = map head (filter isList (map
    (line: if isString line then match "\\| `([A-Za-z0-9-]+)` \\| a (record|function).*" line else null)
    (split "\n" page)));

  old = { name = "old"; script = "false"; };
in
facts "layers" {
  "the page lists every layer, and no other" = [ documented (attrNames layers) ];
  "each has a name, a script, and the strict rule" =
    [ (filter (name: !(isString records.${name}.name && isString records.${name}.script && records.${name}.strict)) (attrNames records)) [ ] ];
  "WFVM's keep their names" =
    [ (map (name: records.${name}.name) [ "anaconda3" "msys2" "msys2-packages" "msvc" "msvc-ide-unbreak" "disable-firewall" "disable-autosleep" "disable-autolock" "disable-scheduled-defrag" ])
      [ "Anaconda3" "MSYS2" "MSYS2-packages" "MSVC" "MSVC-ide-unbreak" "disable-firewall" "disable-autosleep" "disable-autolock" "disable-scheduled-defrag" ] ];
  "nothing sleeps and nothing is typed by a program" =
    [ (filter (name: said records.${name} "(sl[e]ep|expect|timeout /t)") (attrNames records)) [ ] ];
  "all go on an image" =
    [ (isString (product.makeWindowsImage { guestOs = "reference-guest"; layers = builtins.attrValues records; }).drvPath) true ];

  # As the vendors' pages have it; the layers' files name the pages.
  "Anaconda's command line" =
    [ (command layers.anaconda3 0) ''start /wait "" .\Anaconda3.exe /InstallationType=JustMe /S /D=%UserProfile%\Anaconda3'' ];
  "MSYS2's" = [ (command layers.msys2 0) ''start /wait "" .\msys2.exe in --confirm-command --accept-messages --root C:/msys64'' ];
  "pacman's" = [ (command functions.msys2-packages 1) ''C:\msys64\usr\bin\bash.exe -lc "pacman -U --noconfirm /c/msyspackages/*"'' ];
  "Visual Studio's, with the root certificates before it" =
    [ (commands layers.msvc) [
      ''certutil.exe -addstore -f "Root" "C:\vslayout\certificates\manifestRootCertificate.cer"''
      ''certutil.exe -addstore -f "Root" "C:\vslayout\certificates\manifestCounterSignRootCertificate.cer"''
      ''certutil.exe -addstore -f "Root" "C:\vslayout\certificates\vs_installer_opc.RootCertificate.cer"''
      ''start /wait "" C:\vslayout\vs_Community.exe --quiet --wait --norestart --noWeb --add Microsoft.VisualStudio.Workload.NativeDesktop --includeRecommended''
      ''rmdir /s /q C:\vslayout''
    ] ];
  "the IDE's first start ends by itself" =
    [ (command layers.msvc-ide-unbreak 0) ''cd /d "C:\Program Files (x86)\Microsoft Visual Studio\2019\Community\Common7\IDE" && start /wait "" devenv.exe /NoSplash /ResetSettings General /Command Exit'' ];
  "netsh's" = [ (commands layers.disable-firewall) [ "netsh advfirewall set allprofiles state off" ] ];
  "powercfg's, of four things on mains and battery" = [ (length (filter (line: match "powercfg /change (hibernate|disk|monitor|standby)-timeout-(ac|dc) 0" line != null) (commands layers.disable-autosleep))) 8 ];
  "reg's does not ask" = [ (commands layers.disable-autolock) [ ''reg add HKLM\Software\Policies\Microsoft\Windows\Personalization /v NoLockScreen /t REG_DWORD /d 1 /f'' ] ];
  "schtasks'" = [ (commands layers.disable-scheduled-defrag) [ ''schtasks /Change /DISABLE /TN "\Microsoft\Windows\Defrag\ScheduledDefrag"'' ] ];
  "bcdedit's" = [ (commands layers.test-signing) [ "bcdedit /set testsigning on" ] ];
  "pnputil's, with 259 as success" =
    [ [ (command functions.driver 0) (said functions.driver "259\\) status=0") ] [ ''pnputil.exe /add-driver "C:\wfvm-driver\amd64\a.inf" /install'' true ] ];
  "msiexec's, with properties that have blanks" =
    [ (command functions.msi 0) ''start /wait "" msiexec.exe /i "package.wxs" /qn /norestart /l*v "package.wxs.log" ALLUSERS=1 GREETING="hello you"'' ];
  "Inno Setup's, with a backslash before a quotation mark" =
    [ (command functions.inno-setup 0) ''start /wait "" ".\package.wxs" /SP- /VERYSILENT /SUPPRESSMSGBOXES /NORESTART /RESTARTEXITCODE=3010 "/LOG=package.wxs.log" "/DIR=C:\a b\\" /TASKS=x'' ];
  "the redistributable's, with 1638 as success" =
    [ [ (command layers.vc-redist 0) (said layers.vc-redist "1638\\) status=0") ]
      [ ''start /wait "" .\VC_redist.x64.exe /install /quiet /norestart /log VC_redist.log'' true ] ];
  "conda's asks nobody" =
    [ (command functions.conda-channel 1) ''"%UserProfile%\Anaconda3\Scripts\conda.exe" create --name work --yes --offline --override-channels --channel file:///C:/conda-channel numpy=2.1'' ];

  "a record takes another source" = [ (has (layers.anaconda3.override { source = "/nix/store/other.exe"; }).script "/nix/store/other.exe") true ];
  "and an override of an override keeps the first" =
    [ (has ((layers.vc-redist.override { architecture = "x86"; }).override { source = "/nix/store/other.exe"; }).script "VC_redist.x86.exe") true ];
  "the other runtime has another name" = [ (layers.vc-redist.override { architecture = "x86"; }).name "vc-redist-x86" ];
  "Rust of the other toolchain has another source" =
    [ (has (layers.rust.override { toolchain = "msvc"; }).script "${sources.rustMsvc}") true ];
  "a file of the store loses its hash" = [ (has functions.msys2-packages.script " --as 'package.wxs'") true ];

  "the download of Visual Studio may not be given away" = [ layers.msvc.layout.name "RESTRICTDIST-vs" ];
  "its hash is one of a folder" = [ layers.msvc.layout.outputHashMode "recursive" ];
  "its guest has the network, and today's clock" =
    [ (let spec = layers.msvc.download.spec; in [ spec.network.open spec.machine.rtcBase ]) [ true "localtime" ] ];

  "an unknown argument has a nearest name" = [ (has (problems layers.msi { source = file; propertys = { }; }) "`properties`") true ];
  "what cmd.exe cannot hold is refused" = [ (has (problems layers.inno-setup { source = file; arguments = [ "a\"b" ]; }) "`arguments[0]`") true ];
  "a private property is refused" = [ (builtins.tryEval (layers.msi { source = file; properties.small = "1"; }).script).success false ];
  "a root that is none is refused" = [ (has (problems layers.registry { keys."HKXX\\a" = { }; }) "HKLM") true ];
  "data that are none are refused" = [ (has (problems layers.registry { keys."HKLM\\a".b = 1.5; }) "REG_SZ") true ];
  "a package that is none is refused" = [ (builtins.tryEval (layers.msys2-packages [ 1 ]).script).success false ];

  "collapsed layers have one name" = [ (layers.collapseLayers [ layers.disable-firewall layers.uac-off ]).name "disable-firewall-uac-off" ];
  "and all inputs" =
    [ (layers.collapseLayers [ (old // { buildInputs = [ 1 ]; }) (old // { buildInputs = [ 2 ]; extra = true; }) ]).buildInputs [ 1 2 ] ];
  "parts that say nothing make a layer that says nothing" = [ (layers.collapseLayers [ old old ] ? strict) false ];
  "and their scripts stay as they are" = [ (layers.collapseLayers [ old old ]).script "false\nfalse" ];
  "strict ones make a strict one" = [ (layers.collapseLayers [ layers.uac-off layers.test-signing ]).strict true ];
  "a part that opens the network is refused" =
    [ (builtins.tryEval (layers.collapseLayers [ old (old // { impure = true; }) ]).script).success false ];
}
