# What the included layers, nix/layers, are written with.
{ check }:

let
  inherit (builtins) baseNameOf concatStringsSep elemAt map match replaceStrings unsafeDiscardStringContext;

  # A string that holds a rule, beside being a string.
  ruled = says: holds: check.string // {
    inherit says;
    problems = path: value:
      let kind = check.string.problems path value; in
      if kind != [ ] then kind
      else if holds value then [ ]
      else [ ''`${path}` is "${unsafeDiscardStringContext value}", but it should be ${says}.'' ];
  };
in
rec {
  /** One word of a bash script. */
  shellWord = text: "'" + replaceStrings [ "'" ] [ "'\\''" ] text + "'";

  # cmd.exe has no escape for these between quotation marks.
  word = ruled "a string without line breaks, `\"` and `%`" (value: match "[^\"%\r\n]*" value != null);

  # Also what cmd.exe has to expand, as %UserProfile%.
  commandWord = ruled "a string without line breaks and `\"`" (value: match "[^\"\r\n]*" value != null);

  /** One word of a command line of Windows.
     A backslash before the closing quotation mark would escape it. */
  windowsWord = text:
    let
      ending = match "(.*[^\\\\])?(\\\\*)" text;
      slashes = elemAt ending 1;
    in
    if match "[[:alnum:]_.:;=/\\\\+,@~-]+" text != null then text else ''"${text}${slashes}"'';

  windowsWords = words: concatStringsSep " " (map windowsWord words);

  /** The name of a file without the hash of the store before it. */
  fileName = source:
    let
      name = baseNameOf (unsafeDiscardStringContext "${source}");
      hashed = match "[0-9a-z]{32}-(.+)" name;
    in
    if hashed == null then name else elemAt hashed 0;

  /** The script that puts an installer into the account's home, runs it there
     and takes it away again.

     `log` is the file in the guest that tells why it failed. `alsoSuccess` are
     exit codes that are success beside 0; 3010 and 1641 need not be named. */
  installer = { source, file ? fileName source, command, log ? null, alsoSuccess ? [ ] }:
    let
      tell = if log == null then "" else ''
        # Windows Installer writes UTF-16.
        win-get ${shellWord log} && tr -d '\0' < ${shellWord log} | tail -n 40 >&2
      '';
      accepted = concatStringsSep "|" (map toString alsoSuccess);
    in
    ''
      win-put ${shellWord "${source}"} . --as ${shellWord file}
      status=0
    '' + (if alsoSuccess == [ ] then ''
      win-exec ${shellWord command} || status=$?
    '' else ''
      win-exec --exit-code exit-code ${shellWord command} || status=$?
      case $(cat exit-code) in ${accepted}) status=0 ;; esac
    '') + ''
      if [ $status != 0 ]; then
        ${replaceStrings [ "\n" ] [ "\n  " ] tell}exit $status
      fi
      win-exec ${shellWord ''del "${file}"''}
    '';

  /** A layer that needs no arguments and takes some: a record with `.override`.

     # Type  overridable :: String -> { NAME = { type, default } } -> (arguments -> record) -> record */
  overridable = name: fields: body:
    let
      make = check.function "layers.${name}" fields body;
      withArguments = given: make given // { override = changes: withArguments (given // changes); };
    in
    withArguments { };
}
