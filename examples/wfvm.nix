# An expression as users of WFVM have it: its names, and numbers as strings.
# The last three lines let it build without Windows and without KVM.
{ pkgs, wfvm }:

let
  old = import ../wfvm { inherit pkgs wfvm; };
in
old.makeWindowsImage {
  users.wfvm = { password = "1234"; groups = [ "Administrators" ]; };
  defaultUser = "wfvm";
  timeZone = "UTC";
  cores = "2";
  qemuMem = "2G";
  diskImageSize = "8G";
  enableTpm = false;
  guestOs = "reference-guest";
  accelerator = "tcg";
  imageSelection = "Reference Guest Datacenter";
}
