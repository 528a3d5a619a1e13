# The firmware of a machine with UEFI. Secure Boot has a build of its own, which keeps its variables in System
# Management Mode; nixpkgs' and Debian's file of variables for it has Microsoft's keys.
{ pkgs }:
machine:

let
  secure = machine.secureBoot or false;
  directory = "${(if secure then pkgs.OVMFFull else pkgs.OVMF).fd}/FV";
  ending = if secure then ".ms.fd" else ".fd";
  given = machine.firmwareVariables or null;
in
{
  code = "${directory}/OVMF_CODE${ending}";
  variables = if given == null then "${directory}/OVMF_VARS${ending}" else "${given}";
}
