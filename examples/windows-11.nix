# Windows 11 from Microsoft's medium. Nix asks for it by name when it is not in
# the store; any other medium goes into `windowsImage`.
{ pkgs, wfvm }:

wfvm.makeWindowsImage {
  # windowsImage = ./Win11_25H2_English_x64.iso;
  imageSelection = "Windows 11 Pro N";
  tpm = true;
  timeZone = "W. Europe Standard Time";
  users = {
    wfvm = { password = "1234"; groups = [ "Users" "Administrators" ]; };
    guest = { password = "guest"; groups = [ "Users" ]; };
  };
}
