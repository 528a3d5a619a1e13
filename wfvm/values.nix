# WFVM's values, which are strings for shell commands, as ours.
#
# `here` names the function for messages.
here:

let
  inherit (builtins) elemAt fromJSON isBool isInt isString match;
in
rec {
  fail = message: throw "${here}: ${message}";
  warn = message: value: (builtins.warn or (message: builtins.trace "warning: ${message}")) "${here}: ${message}" value;

  boolean = name: value: if isBool value then value else fail "`${name}` should be true or false.";

  # "4" or 4.
  integer = name: value:
    if isInt value then value
    else if isString value && match "0*[0-9]{1,18}" value != null
    then fromJSON (elemAt (match "0*([0-9]+)" value) 0)
    else fail ''`${name}` should be an integer, or a string of digits such as "4".'';

  # QEMU's sizes ("70G", "512M", 8192) as MiB. `unit` is that of a bare number, in bytes.
  mebibytes = name: unit: value:
    let
      parts = match "([0-9]+)([kKmMgGtT]?)[iI]?[bB]?" (if isInt value then toString value else value);
      bytes = { "" = unit; k = 1024; m = 1048576; g = 1073741824; t = 1099511627776; };
      letter = elemAt parts 1;
      lower = builtins.replaceStrings [ "K" "M" "G" "T" ] [ "k" "m" "g" "t" ] letter;
    in
    if !(isInt value || isString value) || parts == null
    then fail ''`${name}` should be a size such as "70G" or "4096M".''
    else integer name (elemAt parts 0) * bytes.${lower} / 1048576;

  # The machine, by WFVM's names: { argument of ours = value; }.
  machine = {
    efi = value: { firmware = if boolean "efi" value then "uefi" else "bios"; };
    enableTpm = value: { tpm = boolean "enableTpm" value; };
    cores = value: { cores = integer "cores" value; };
    qemuMem = value: { memoryMib = mebibytes "qemuMem" 1048576 value; };
    baseRtc = value: { rtcBase = value; };
  };

  # Scripts of WFVM's time reach the guest there by an ssh of their own.
  sshPort = script: if builtins.replaceStrings [ "2022" ] [ "" ] script != script then 2022 else null;
}
