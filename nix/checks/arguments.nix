# What a user reads who misspells or mistypes an argument.
{ facts, product, check, ... }:

let
  image = product.makeWindowsImage.problems;
  run = given: product.wfvm-run.problems ({ name = "x"; image = "/nix/store/x"; script = ""; } // given);
  refused = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  reference = arguments: product.makeWindowsImage ({ guestOs = "reference-guest"; accelerator = "tcg"; } // arguments);
in
facts "arguments" {
  "a misspelt argument is answered with the nearest name" =
    [ (image { memryMib = 1; }) [ "there is no `memryMib`. Did you mean `memoryMib`?" ] ];
  "an argument far from all others is answered with all of them" =
    [ (builtins.length (image { xyzzy = 1; })) 1 ];
  "an argument of another type is named with its value and what it should be" =
    [ (image { cores = "4"; }) [ ''`cores` is a string ("4"), but it should be an integer number of CPUs, or null.'' ] ];
  "an unknown word is answered with the nearest" =
    [ (image { answerMedium = "flopy"; }) [ ''`answerMedium` is "flopy". Did you mean "floppy"?'' ] ];
  "a mistake inside a set is named with its path" =
    [ (image { users.alice = { password = "x"; group = [ ]; }; }) [ "there is no `users.alice.group`. Did you mean `groups`?" ] ];
  "a mistake inside a list is named with its place" =
    [ (image { driverPaths = [ "a" 2 ]; }) [ "`driverPaths[1]` is the integer 2, but it should be a string." ] ];
  "a user without a password is refused" = [ (refused (reference { users.alice = { }; }).drvPath) true ];
  "or with two" =
    [ (refused (reference { users.wfvm = { password = "a"; passwordFile = "/run/secrets/a"; }; }).drvPath) true ];
  "a secret's file is named in the spec, and its content is nowhere" =
    [ (let inherit (reference { users.wfvm = { passwordFile = "/run/secrets/a"; groups = [ "Administrators" ]; }; }) spec;
       in [ (removeAttrs (builtins.head spec.answerFile.accounts) [ "groups" "description" "displayName" ]) spec.login ])
      [ { name = "wfvm"; passwordFile = "/run/secrets/a"; } { user = "wfvm"; passwordFile = "/run/secrets/a"; } ] ];
  "a secret's file that Nix would copy is refused" =
    [ (map (file: builtins.length (image { productKeyFile = file; })) [ ./arguments.nix "relative" "${builtins.storeDir}/x" "/run/secrets/key" ]) [ 1 1 1 0 ] ];
  "settings stand in the spec as they are said" =
    [ (reference { hibernation = false; registry."HKLM\\SOFTWARE\\X" = { a = 1; b = [ "x" ]; c.expandString = "%A%"; }; }).spec.answerFile.settings
      { hibernation = false;
        registry = [
          { key = "HKLM\\SOFTWARE\\X"; name = "a"; data.dword = 1; }
          { key = "HKLM\\SOFTWARE\\X"; name = "b"; data.multiString = [ "x" ]; }
          { key = "HKLM\\SOFTWARE\\X"; name = "c"; data.expandString = "%A%"; }
        ]; } ];
  "without settings there are none" = [ ((reference { }).spec.answerFile ? settings) false ];
  "a key of another root, a value of no type and a file without a drive are refused" =
    [ (map (given: builtins.length (image given)) [
        { registry."HKCR\\x" = { }; }
        { registry."HKLM\\x".a = null; }
        { files."tool.exe" = ./arguments.nix; }
        { files."C:\\tools\\tool.exe" = ./arguments.nix; }
        { networking.interfaces = [ { identifier = "Ethernet"; addresses = [ "192.168.1.2" ]; } ]; }
      ]) [ 1 1 1 0 1 ] ];
  "what is Windows Server's is refused for a client" =
    [ (map (guestOs: refused (product.makeWindowsImage { inherit guestOs; windowsImage = "/nix/store/x"; serverManagerAtLogon = false; }).drvPath)
        [ "windows-11" "windows-server" "windows-server-2022" null ]) [ true false false false ] ];
  "all mistakes come in one message" = [ (builtins.length (image { cores = "4"; memryMib = 1; })) 2 ];
  "wfvm-run says which arguments it needs" = [ (builtins.length (product.wfvm-run.problems { })) 3 ];
  "a forwarded port has WFVM's three fields and no other" =
    [ (run { forwardedPorts = [ { listenAddr = "192.168.1.50"; targetAddr = "x"; port = 1; prt = 2; } ]; })
      [ "there is no `forwardedPorts[0].prt`. Did you mean `port`?" ] ];
  "a set where a function's arguments should be is asked for" =
    [ (image 3) [ "its argument is the integer 3, but it should be a set." ] ];
  "what may be null is said to be so once" =
    [ (run { machine.cores = "4"; }) [ ''`machine.cores` is a string ("4"), but it should be an integer number of CPUs, or null.'' ] ];
  "what the arguments refuse, the function refuses" = [ (refused (reference { cores = "4"; }).drvPath) true ];
  "a user to log on who is not there is refused" = [ (refused (reference { autoLogon = "alice"; }).drvPath) true ];
  "an image that is selected twice is refused" =
    [ (refused (reference { imageSelection = { index = 1; name = "Reference Guest Standard"; }; }).drvPath) true ];
  "a medium says which release it is and what it has, so that nothing else has to" =
    [ (let inherit (product.makeWindowsImage { windowsImage = "/nix/store/x.iso"; }) spec; in [ (spec ? guestOs) (spec ? image) ]) [ false false ] ];
  "a release that is named stands in the spec" =
    [ (product.makeWindowsImage { windowsImage = "/nix/store/x.iso"; guestOs = "windows-server-2025"; }).spec.guestOs "windows-server-2025" ];
  "which has the SSH server in the box" =
    [ (product.makeWindowsImage { windowsImage = "/nix/store/x.iso"; guestOs = "windows-server-2025"; }).spec.payload [ ] ];
  "a misspelt release is answered with the nearest name" =
    [ (image { guestOs = "windows-11-24H2"; }) [ ''`guestOs` is "windows-11-24H2". Did you mean "windows-11-24h2"?'' ] ];
  "a release without a known medium wants one" = [ (refused (product.makeWindowsImage { guestOs = "windows-server-2022"; }).drvPath) true ];
  "an image that is selected by a set of one is taken" =
    [ (refused (reference { imageSelection.index = 1; }).drvPath) false ];
  "right arguments have no problems" = [ (image { cores = 4; imageSelection.index = 1; specializeCommands = [ "x" { path = "y"; } ]; }) [ ] ];
  "the nearest of two names is the one with fewer changes" =
    [ ((import ../nearest.nix).nearest [ "memoryMib" "diskMib" ] "diskMb") "diskMib" ];
}
