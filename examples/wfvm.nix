# An expression as users of WFVM have it: its names, numbers as strings, layers.
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
  installCommands = [
    (old.layers.collapseLayers [ old.layers.disable-autosleep old.layers.disable-firewall ])
    {
      name = "my tool";
      script = ''
        ln -s ${./hello.c} ./tool.c
        win-put tool.c
        win-exec 'mkdir C:\tools && move tool.c C:\tools\'
      '';
    }
  ];
  guestOs = "reference-guest";
  accelerator = "tcg";
  imageSelection = "Reference Guest Datacenter";
}
