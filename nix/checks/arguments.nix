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
  "a missing argument is named" =
    [ (image { users.alice = { }; }) [ "`users.alice.password` is missing: it should be a string." ] ];
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
