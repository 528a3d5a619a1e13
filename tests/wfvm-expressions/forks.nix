# What forks of WFVM added, as it is said here.
{ pkgs, wfvm, src }:

let
  inherit (builtins) tryEval;

  image = wfvm.makeWindowsImage {
    windowsImage = pkgs.writeText "windows.iso" "";
    users.alice = { password = "x"; groups = [ "Administrators" ]; };
    # A required boolean of one fork.
    allowNetworkAccessAtBuildTime = false;
  };
  run = wfvm.utils.wfvm-run {
    name = "forked";
    inherit image;
    script = "win-exec whoami";
    # The environment variable SSHUSER there.
    user = "alice";
    # Further forwards there, always the same ports.
    ports = { rdp = 3389; web = 80; };
    reachable = [ { host = "example.org"; port = 443; } ];
    extraQemuFlags = [ "-vga" "virtio" ];
    display = true;
  };
  networked = impure: wfvm.makeWindowsImage {
    windowsImage = pkgs.writeText "windows.iso" "";
    installCommands = [ ({ name = "updates"; script = ""; network.open = true; } // impure) ];
  };
in
{
  facts = {
    "another account runs the commands" = [ run.spec.login { user = "alice"; password = "x"; } ];
    "an account who is not there is refused" =
      [ (tryEval (wfvm.utils.wfvm-run { name = "x"; inherit image; script = ""; user = "bob"; }).drvPath).success false ];
    "ports have names" = [ run.spec.network.ports { rdp = 3389; web = 80; } ];
    "single hosts are reachable" = [ run.spec.network.reachable [ { host = "example.org"; port = 443; } ] ];
    "QEMU takes further words" = [ run.spec.machine.extraQemuFlags [ "-vga" "virtio" ] ];
    "a layer with the network says so" = [ (tryEval (networked { }).drvPath).success false ];
    "and is then built outside of the sandbox" = [ (networked { impure = true; }).__noChroot true ];
  };
}
