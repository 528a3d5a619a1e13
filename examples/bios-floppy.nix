# The same guest on an older machine: BIOS, an MBR disk, and the answer file on
# a floppy, which Setup finds before any other medium.
{ pkgs, wfvm }:

wfvm.makeWindowsImage {
  guestOs = "reference-guest";
  accelerator = "tcg";
  firmware = "bios";
  answerMedium = "floppy";
  computerName = "OLDTIMER";
  specializeCommands = [ ''cmd.exe /c mkdir C:\prepared'' ];
}
