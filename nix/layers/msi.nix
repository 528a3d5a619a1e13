/** A package of Windows Installer. */
{ check, layering, ... }:

let
  inherit (builtins) attrNames concatStringsSep map match;

  property = properties: name:
    if match "[A-Z_][A-Z0-9_.]*" name == null
    then throw ''wfvm.layers.msi: `properties.${name}`: only public properties, whose names have no small letters, can be set from outside.''
    else " ${name}=${value properties.${name}}";
  # "Command-Line Options": quotation marks around a value that has blanks.
  value = text: if match "[^ \t&|<>^()]+" text != null then text else "\"${text}\"";
in
check.function "layers.msi"
  {
    # The `.msi`.
    source = { type = check.file; };
    # Of the layer; null: the file's.
    name = { type = check.nullOr check.string; default = null; };
    # Public properties, as `{ ALLUSERS = "1"; }`.
    properties = { type = check.attrsOf layering.commandWord; default = { }; };
  }
  ({ source, name, properties }:
    let file = layering.fileName source; in {
      name = if name == null then file else name;
      strict = true;
      # "msiexec": /qn asks nothing, /norestart leaves a restart to us, /l*v tells all.
      script = layering.installer {
        inherit source file;
        log = "${file}.log";
        command = ''start /wait "" msiexec.exe /i "${file}" /qn /norestart /l*v "${file}.log"''
          + concatStringsSep "" (map (property properties) (attrNames properties));
      } + ''
        win-exec 'del "${file}.log"'
      '';
    })
