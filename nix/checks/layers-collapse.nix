# Collapsed layers, by the rule of each part: their script runs beside commands
# that only say what they were asked.
{ pkgs, product, ... }:

let
  inherit (builtins) attrNames concatStringsSep length map;
  collapse = product.layers.collapseLayers;
  strict = script: { name = "s"; inherit script; strict = true; };
  old = script: { name = "o"; inherit script; strict = false; };

  # { sentence = { parts; said; fails; }; }
  cases = {
    "a strict part ends at its first failure" =
      { parts = [ (strict "win-exec a\nwin-exec fail\nwin-exec b") (strict "win-exec c") ]; said = "a fail "; fails = true; };
    "old parts alone go on, and the last status counts" =
      { parts = [ (old "win-exec fail") (old "win-exec b") ]; said = "fail b "; fails = false; };
    "an old part before a strict one goes on" =
      { parts = [ (old "win-exec fail\nwin-exec b") (strict "win-exec c") ]; said = "fail b c "; fails = false; };
    "but not after its own last status" =
      { parts = [ (old "win-exec fail") (strict "win-exec c") ]; said = "fail "; fails = true; };
    "nor after a file that did not get through" =
      { parts = [ (old "win-put fail\nwin-exec b") (strict "win-exec c") ]; said = "fail b "; fails = true; };
    "not even in a pipe" =
      { parts = [ (old "echo fail | while read file; do win-put $file; done\nwin-exec b") (strict "win-exec c") ]; said = "fail b "; fails = true; };
    "an old part after a strict one goes on" =
      { parts = [ (strict "win-exec a") (old "win-exec fail\nwin-exec b") ]; said = "a fail b "; fails = false; };
    "and a strict one behind it is strict again" =
      { parts = [ (strict "win-exec a") (old "win-exec fail\nwin-exec b") (strict "win-exec fail\nwin-exec d") ]; said = "a fail b fail "; fails = true; };
    "an old part may use a variable that nobody set" =
      { parts = [ (old "win-exec x$nobody") (strict "win-exec c") ]; said = "x c "; fails = false; };
    "a strict one may not" =
      { parts = [ (old "win-exec a") (strict "win-exec x$nobody") ]; said = "a "; fails = true; };
  };

  one = sentence:
    let
      case = cases.${sentence};
      layer = collapse case.parts;
      script = pkgs.writeText "script" layer.script;
    in ''
      : > said
      rm -f file-did-not-get-through
      status=0
      bash ${if layer.strict then "-euo pipefail" else ""} ${script} 2> errors || status=$?
      if [ "$(tr '\n' ' ' < said)" = '${case.said}' ] && { [ $status = 0 ] && echo false || echo true; } | grep -qx ${if case.fails then "true" else "false"}
      then echo 'holds: ${sentence}'
      else echo "does not hold: ${sentence}: said $(tr '\n' ' ' < said), status $status" >&2; cat errors >&2; failed=1
      fi
    '';
in
pkgs.runCommand "check-layers-collapse" { nativeBuildInputs = [ pkgs.bash pkgs.gnugrep ]; } ''
  mkdir bin
  for command in win-exec win-put win-get; do
    printf '#!%s\necho "$1" >> said\n[ "$1" != fail ]\n' "$(type -P bash)" > bin/$command
    chmod +x bin/$command
  done
  PATH=$PWD/bin:$PATH
  failed=
  ${concatStringsSep "" (map one (attrNames cases))}
  [ -z "$failed" ] || exit 1
  echo ${toString (length (attrNames cases))} facts hold > $out
''
