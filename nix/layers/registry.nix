/** Keys and values of the registry. */
{ check, layering, pkgs, ... }:

let
  inherit (builtins)
    attrNames concatMap concatStringsSep elemAt hasAttr isAttrs isBool isInt isList isString map match replaceStrings stringLength;

  roots = {
    HKLM = "HKEY_LOCAL_MACHINE";
    HKCU = "HKEY_CURRENT_USER";
    HKCR = "HKEY_CLASSES_ROOT";
    HKU = "HKEY_USERS";
    HKCC = "HKEY_CURRENT_CONFIG";
  };
  rootNames = builtins.attrValues roots;

  # Between the fields of a line that the builder turns into hexadecimal bytes.
  separator = builtins.fromJSON ''"\u001f"'';

  oneLine = text: match "[^\r\n]*" text != null && replaceStrings [ separator ] [ "" ] text == text;
  quoted = text: ''"${replaceStrings [ "\\" "\"" ] [ "\\\\" "\\\"" ] text}"'';

  # The kinds of data, each as a test and the text after `name=`; a list of
  # strings is what the builder turns into bytes.
  kinds = [
    { holds = value: value == null; text = _: "-"; }
    { holds = isBool; text = value: if value then "dword:00000001" else "dword:00000000"; }
    { holds = value: isInt value && value >= 0 && value <= 4294967295; text = value: "dword:${hexadecimal 8 value}"; }
    { holds = value: isString value && oneLine value; text = quoted; }
    {
      holds = value: isList value && builtins.all (item: isString item && item != "" && oneLine item) value;
      text = value: [ "hex(7)" ] ++ value ++ [ "" ];
    }
    { holds = value: only "expand" value && isString value.expand && oneLine value.expand; text = value: [ "hex(2)" value.expand ]; }
    { holds = value: only "qword" value && isInt value.qword && value.qword >= 0; text = value: "hex(b):${littleEndian 8 value.qword}"; }
    {
      holds = value: only "binary" value && isString value.binary && match "([0-9a-fA-F]{2})*" value.binary != null;
      text = value: "hex:${concatStringsSep "," (pairs value.binary)}";
    }
  ];
  only = name: value: isAttrs value && attrNames value == [ name ];
  kindOf = value: builtins.filter (kind: kind.holds value) kinds;

  says = "a string without line breaks (REG_SZ), an integer or boolean (REG_DWORD), a list of such strings (REG_MULTI_SZ), "
    + "{ expand } (REG_EXPAND_SZ), { qword } (REG_QWORD), { binary } in hexadecimal digits (REG_BINARY), or null, which deletes it";
  data = {
    inherit says;
    problems = path: value:
      if kindOf value != [ ] then [ ] else [ "`${path}` should be ${says}." ];
    fill = value: value;
  };

  rootOf = key: let root = match "([^\\\\]+)(\\\\.*)?" key; in if root == null then "" else elemAt root 0;
  keys = check.attrsOf (check.nullOr (check.attrsOf data)) // {
    problems = path: value:
      (check.attrsOf (check.nullOr (check.attrsOf data))).problems path value
      ++ (if !isAttrs value then [ ] else concatMap
        (key:
          if !(hasAttr (rootOf key) roots || builtins.elem (rootOf key) rootNames)
          then [ "`${path}.\"${key}\"` should start with one of ${concatStringsSep ", " (attrNames roots)} or their long names." ]
          else if match "[^\r\n]*[^\\\\\r\n]" key == null
          then [ "`${path}.\"${key}\"` should be one line that does not end with a backslash." ]
          else [ ])
        (attrNames value));
  };

  digits = [ "0" "1" "2" "3" "4" "5" "6" "7" "8" "9" "a" "b" "c" "d" "e" "f" ];
  hexadecimal = width: value:
    if width == 0 then "" else hexadecimal (width - 1) (value / 16) + elemAt digits (value - value / 16 * 16);
  littleEndian = bytes: value:
    hexadecimal 2 (value - value / 256 * 256) + (if bytes == 1 then "" else "," + littleEndian (bytes - 1) (value / 256));
  pairs = text:
    if stringLength text < 2 then [ ]
    else [ (builtins.substring 0 2 text) ] ++ pairs (builtins.substring 2 (stringLength text) text);

  # "Distribute registry changes by a .reg file": the form of version 5.00.
  valueLine = name: value:
    let
      kind = builtins.head (kindOf value);
      text = kind.text value;
      left = if name == "" then "@" else quoted name;
    in
    if isList text
    then concatStringsSep separator ([ "${left}=${builtins.head text}:" ] ++ builtins.tail text)
    else "${left}=${text}";

  keyLines = key: values:
    let
      long = roots.${rootOf key} or (rootOf key);
      rest = builtins.substring (stringLength (rootOf key)) (stringLength key) key;
    in
    if values == null then [ "[-${long}${rest}]" ]
    else [ "[${long}${rest}]" ] ++ map (name: valueLine name values.${name}) (attrNames values);
in
check.function "layers.registry"
  {
    # `{ KEY = { NAME = data; }; }`; a key that is null goes with all that is below
    # it. The name `""` is the key's default value.
    keys = { type = keys; };
    # Of the layer.
    name = { type = check.string; default = "registry"; };
  }
  ({ keys, name }:
    let
      # One file, because no quoting of cmd.exe lets every text through.
      file = pkgs.runCommand "values.reg"
        {
          lines = concatStringsSep "\n" ([ "Windows Registry Editor Version 5.00" ]
            ++ concatMap (key: [ "" ] ++ keyLines key keys.${key}) (attrNames keys)) + "\n";
          passAsFile = [ "lines" ];
          inherit separator;
        } "source ${./registry-file.sh}";
    in
    {
      inherit name;
      strict = true;
      script = ''
        win-put ${file} . --as values.reg
        win-exec 'reg import values.reg'
        win-exec 'del values.reg'
      '';
      # For who wants to read it.
      inherit file;
    })
