# runOnClones as a value: its spec, and what is refused. Nothing is built for this.
{ facts, pkgs, product, wfvm-nix-builder, ... }:

let
  inherit (builtins) attrNames map tryEval;

  image = product.makeWindowsImage { guestOs = "reference-guest"; accelerator = "tcg"; windowsImage = pkgs.writeText "medium" ""; };
  clones = given: product.runOnClones ({ name = "tests"; inherit image; commands = { b = "ver"; a = "echo a"; }; } // given);
  commands = given: (clones { commands = given; }).spec.commands;
  script = "@echo off\necho a\n";
  problems = given: product.runOnClones.problems ({ name = "x"; inherit image; commands = [ ]; } // given);
  refused = value: !(tryEval (builtins.deepSeq value value)).success;
  refusedCommands = given: refused (clones { commands = given; }).drvPath;
in
facts "run-on-clones" {
  "the builder is the whole program" = [ [ (clones { }).builder (clones { }).args ] [ "${wfvm-nix-builder}/bin/wfvm-nix-builder" [ "clones" ] ] ];
  "its spec has these fields" =
    [ (attrNames (clones { }).spec) [ "clones" "commands" "files" "image" "keepFailed" "keepGoing" "login" "machine" "name" "network" "state" "timeouts" "tools" "wfvmSpec" ] ];
  "of an image a template is made" = [ (clones { }).spec.image "${image.revived}" ];
  "a template is taken as it is, with its machine" =
    [ (let template = product.reviveWindowsVM { inherit image; memoryMib = 700; }; in [ (clones { image = template; }).spec.image (clones { image = template; }).spec.machine ])
      (let template = product.reviveWindowsVM { inherit image; memoryMib = 700; }; in [ "${template}" template.machine ]) ];
  "KVM is asked for where the template asks" =
    [ (map (image: (clones { inherit image; }).requiredSystemFeatures) [ image (product.makeWindowsImage { windowsImage = image; }) ]) [ [ ] [ "kvm" ] ] ];
  "the network is closed" = [ (clones { }).spec.network { open = false; forwards = [ ]; reachable = [ ]; ports = { }; } ];
  "two at once, and all of them run" = [ { inherit ((clones { }).spec) clones keepGoing keepFailed; } { clones = 2; keepGoing = true; keepFailed = false; } ];
  "a deadline that is not given is not said" = [ (clones { timeouts.commandSeconds = 0; }).spec.timeouts { commandSeconds = 0; } ];

  "commands have names" = [ (commands { b = "ver"; a = "echo a"; }) [ { name = "a"; command = "echo a"; } { name = "b"; command = "ver"; } ] ];
  "or numbers" = [ (commands [ "ver" "echo a\n" ]) [ { name = "1"; command = "ver"; } { name = "2"; command = "echo a"; } ] ];
  "one of several lines is a batch file" = [ (commands [ "ver" script ]) [ { name = "1"; command = "ver"; } { name = "2"; command = "wfvm-command-2.cmd"; } ] ];
  "which is put there, after what is given" =
    [ (map (file: file.name) (clones { commands = [ script ]; files = [ { name = "tests.exe"; source = image; } ]; }).spec.files) [ "tests.exe" "wfvm-command-1.cmd" ] ];
  "a file is its path" = [ (clones { files = [ { name = "tests.exe"; source = image; } ]; }).spec.files [ { name = "tests.exe"; source = "${image}"; } ] ];

  "no commands are a mistake" = [ (map refusedCommands [ [ ] { } ]) [ true true ] ];
  "so is an empty one" = [ (map refusedCommands [ [ "" ] [ "ver" " \n" ] ]) [ true true ] ];
  "a name is a directory's, and none of ours" =
    [ (map (name: refusedCommands { ${name} = "ver"; }) [ "a b" "../a" "report.json" "nix-support" "-a" "a-1.x_y" ]) [ true true true true true false ] ];
  "a guest has no store" = [ (refusedCommands [ "${image}" ]) true ];
  "a misspelt argument is answered with the nearest name" = [ (problems { clone = 3; }) [ "there is no `clone`. Did you mean `clones`?" ] ];
  "a command that is no string is named" =
    [ (map (commands: problems { inherit commands; }) [ [ "ver" 3 ] { a = 3; } "ver" ]) [
      [ "`commands[1]` is the integer 3, but it should be a string." ]
      [ "`commands.a` is the integer 3, but it should be a string." ]
      [ ''`commands` is a string ("ver"), but it should be a set, each value a string, or a list, each item a string.'' ]
    ] ];
  "none at once is none at all" = [ (problems { clones = 0; }) [ "`clones` is the integer 0, but it should be an integer number of guests." ] ];
}
