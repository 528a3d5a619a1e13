{ check, pkgs, product, spec, specDerivation, wfvm-nix-builder, ... }:

let
  inherit (builtins)
    attrNames concatLists concatStringsSep elemAt filter genList hasContext head isAttrs isList length map match replaceStrings
    split;

  seconds = says: least: { type = check.nullOr (check.int says least); default = null; };

  # By name, or in a row.
  set = check.attrsOf check.string;
  list = check.listOf check.string;
  commandsType = check.either set list // {
    problems = path: value:
      if isList value then list.problems path value
      else if isAttrs value then set.problems path value
      else (check.either set list).problems path value;
  };

  # A command of several lines goes into the guest as a batch file.
  isScript = text: match "[^\n]*\n*" text == null;
  line = text: head (split "\n" text);
  batchFile = number: "wfvm-command-${toString number}.cmd";

  # A name is a directory of the output.
  ours = [ "nix-support" "report.json" "report.xml" ];
  problemOf = { name, text, ... }:
    if match "[A-Za-z0-9][A-Za-z0-9._-]*" name == null || builtins.elem name ours
    then ''a command is named "${name}", but it should be as a directory of the output is: of letters, digits, `.`, `_` and `-`, and none of ${concatStringsSep ", " ours}''
    else if match "[ \t\r\n]*" text != null
    then "the command `${name}` is empty"
    else if hasContext text
    then "the command `${name}` names a path of the store, which the guest does not have: `files` puts it there"
    else null;
in
/** Runs each command on a guest of its own, revived from a template, some of them at once.

   # Type

   runOnClones :: { name, image, commands, clones ?, files ?, … } -> Derivation

   The output has a directory for each command, with `stdout`, `stderr` and `exit-code`, and
   report.json and report.xml (JUnit) about all. It fails when a command did, after all have run. */
check.function "runOnClones"
  {
    name = { type = check.string; };
    # A template, or an image, of which one is made.
    image = { type = check.file; };
    # { NAME = command line; }, or a list of them; one of several lines is a batch file.
    commands = { type = commandsType; };
    # How many guests run at once.
    clones = { type = check.int "an integer number of guests" 1; default = 2; };
    # What each guest is given, in the directory where commands run.
    files = { type = check.listOf (check.record { name = { type = check.string; }; source = { type = check.file; }; }); default = [ ]; };
    # False: the first command that fails is the last that is begun.
    keepGoing = { type = check.bool; default = true; };
    # Whether commands that failed leave an output, with `nix-support/failed`.
    keepFailed = { type = check.bool; default = false; };
    timeouts = {
      type = check.record {
        bootSeconds = seconds "an integer number of seconds" 1;
        commandSeconds = seconds "an integer number of seconds, 0 for no limit" 0;
      };
      default = { };
    };
  }
  (arguments:
    let
      image = product.reviveWindowsVM arguments.image;
      given = arguments.commands;
      texts = if isList given then given else map (name: given.${name}) (attrNames given);
      commands = genList
        (index: rec {
          number = index + 1;
          name = if isList given then toString number else elemAt (attrNames given) index;
          text = elemAt texts index;
        })
        (length texts);
      problems = filter (problem: problem != null)
        ([ (if commands == [ ] then "there are no `commands`" else null) ] ++ map problemOf commands);
      batchFiles = map
        ({ number, text, ... }: {
          name = batchFile number;
          source = pkgs.writeText (batchFile number) (replaceStrings [ "\r\n" "\n" ] [ "\r\n" "\r\n" ] text);
        })
        (filter ({ text, ... }: isScript text) commands);
    in
    if problems != [ ] then throw (concatStringsSep "\n" (map (problem: "wfvm.runOnClones: ${problem}.") problems))
    else specDerivation wfvm-nix-builder "clones" (final: {
      inherit (arguments) name;
      inherit (image) requiredSystemFeatures;
      spec = spec.clones {
        inherit arguments image;
        inherit (image) machine login;
        commands = map
          ({ number, name, text }: { inherit name; command = if isScript text then batchFile number else line text; })
          commands;
        files = concatLists [ arguments.files batchFiles ];
      };
      passthru = { inherit image; inherit (final) spec; };
    }))
