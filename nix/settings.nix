# What is set on the installed Windows: arguments of makeWindowsImage, and what the spec
# says of them. Null: as Windows has it.
{ check }:

let
  inherit (builtins)
    attrNames attrValues concatLists filter isAttrs isInt isList isString listToAttrs map mapAttrs match;

  maybe = type: { type = check.nullOr type; default = null; };
  switch = maybe check.bool;
  text = maybe check.string;
  list = type: { type = check.listOf type; default = [ ]; };

  pattern = says: expression: check.string // {
    inherit says;
    problems = path: value:
      if isString value && match expression value != null then [ ]
      else [ "`${path}` is ${builtins.toJSON value}, but it should be ${says}." ];
  };

  address = pattern "an address such as \"192.168.1.1\"" "[0-9A-Fa-f.:]+";
  prefix = pattern "an address with the length of its prefix, such as \"192.168.1.2/24\"" "[0-9A-Fa-f.:]+/[0-9]+";
  onDisk = says: check.attrsOf check.file // {
    inherit says;
    problems = path: value:
      if !isAttrs value then (check.attrsOf check.file).problems path value
      else concatLists (map
        (name:
          if match ''[Cc]:(\\[^\\/:*?"<>|%]*[^\\/:*?"<>|%. ])+'' name == null
          then [ "`${path}` has ${builtins.toJSON name}, but it should name a file by its whole path, such as ${builtins.toJSON ''C:\tools\tool.exe''}." ]
          else check.file.problems ''${path}."${name}"'' value.${name})
        (attrNames value));
  };

  # { KEY = { NAME = value; }; }
  registry = {
    says = "a set of keys, each with a set of values";
    fill = value: value;
    problems = path: keys:
      if !isAttrs keys then [ "`${path}` should be a set of keys, each with a set of values." ]
      else concatLists (attrValues (mapAttrs
        (key: values:
          (if match "(HKLM|HKCU|HKEY_LOCAL_MACHINE|HKEY_CURRENT_USER)(\\\\[^]\\[]+)+" key == null
          then [ "`${path}` has the key ${builtins.toJSON key}, but it should begin with `HKLM\\` or `HKCU\\`." ] else [ ])
          ++ (if !isAttrs values then [ ''`${path}."${key}"` should be a set of values.'' ]
          else concatLists (attrValues (mapAttrs
            (name: value: if data value != null then [ ] else [
              ''`${path}."${key}"."${name}"` should be an integer (REG_DWORD), a string (REG_SZ), a list of strings (REG_MULTI_SZ), or a set with one of `string`, `expandString`, `multiString`, `dword`, `qword`, `binary`.''
            ])
            values))))
        keys));
  };
  types = [ "string" "expandString" "multiString" "dword" "qword" "binary" ];
  data = value:
    if isInt value && value >= 0 && value <= 4294967295 then { dword = value; }
    else if isString value then { string = value; }
    else if isList value && builtins.all isString value then { multiString = value; }
    else if isAttrs value && builtins.length (attrNames value) == 1 && builtins.elem (builtins.head (attrNames value)) types then value
    else null;

  fields = {
    uiLanguageFallback = text;
    layeredDriver = maybe (check.int "a keyboard driver's number, 1 to 6" 1);
    daylightSaving = switch;
    userAccountControl = switch;
    remoteDesktop = switch;
    firewall = switch;
    windowsUpdate = switch;
    defender = switch;
    hibernation = switch;
    standby = switch;
    # 0: none.
    pageFileMib = maybe (check.int "an integer number of MiB" 0);
    telemetry = switch;
    systemRestore = switch;
    automaticActivation = switch;
    deviceEncryption = switch;
    # Of Windows Server.
    serverManagerAtLogon = switch;
    ieEnhancedSecurity = switch;
    compactOs = switch;
    logonCount = maybe (check.int "how often, at least once" 1);
    networking = {
      type = check.record {
        interfaces = list (check.record {
          # Its hardware address, 52-54-00-12-34-56, or its name.
          identifier = { type = check.string; };
          # None: DHCP.
          addresses = list prefix;
          gateway = maybe address;
          dns = list address;
        });
        workgroup = text;
        dnsDomain = text;
        dnsSuffixes = list check.string;
      };
      default = { };
    };
    # { "HKLM\\SOFTWARE\\Example" = { Name = 1; }; }
    registry = { type = registry; default = { }; };
    # By where they go: { "C:\\tools\\tool.exe" = ./tool.exe; }
    files = { type = onDisk "a set of files by their paths"; default = { }; };
    # Lines for cmd.exe, before the SSH server starts.
    firstLogonCommands = list check.string;
    # Folders with .inf files and what they name.
    drivers = list check.file;
    # Virtio-win's ISO, or what it holds: the drivers of what the machine has are taken from it.
    virtioWin = maybe check.file;
  };

  # Null, and what is nothing, is absent in the spec.
  said = set: listToAttrs (map (name: { inherit name; value = set.${name}; })
    (filter (name: set.${name} != null && set.${name} != [ ] && set.${name} != { }) (attrNames set)));
in
{
  inherit fields;

  /** `answerFile.settings` of the spec; null if nothing is said. */
  spec = arguments:
    let
      settings = said (builtins.intersectAttrs fields arguments // {
        networking = said (arguments.networking // { interfaces = map said arguments.networking.interfaces; });
        registry = concatLists (attrValues (mapAttrs
          (key: values: attrValues (mapAttrs (name: value: { inherit key name; data = data value; }) values))
          arguments.registry));
        files = attrValues (mapAttrs (path: source: { inherit path; source = "${source}"; }) arguments.files);
        drivers = map (folder: "${folder}") arguments.drivers;
        virtioWin = if arguments.virtioWin == null then null else "${arguments.virtioWin}";
      });
    in
    if settings == { } then null else settings;
}
