# An installation, two layers on it, and two runs of the whole.
# `salt`: digits, so that nothing of it has been built before.
{ pkgs, wfvm, salt ? "0", ... }:

let
  image = wfvm.makeWindowsImage {
    name = "remote";
    guestOs = "reference-guest";
    accelerator = "tcg";
    computerName = "FAR-${salt}";
    layers = map (name: { inherit name; script = "win-exec 'mkdir C:\\${name}'"; }) [ "first" "second" ];
  };

  program = command: wfvm.wfvm-run { name = command; inherit image; script = "win-exec '${command}'"; };
  run = command: pkgs.runCommand "output-of-${command}" { nativeBuildInputs = [ (program command) ]; } "wfvm-run-${command} > $out";
in
{
  inherit image;
  hostname = run "hostname";
  ver = run "ver";
  program = program "hostname";
  # Frozen here, woken there: the guest says the nonce of the template's memory.
  template = image.revived;
  revived = pkgs.runCommand "output-of-clone"
    {
      nativeBuildInputs = [
        (image.revived.run {
          name = "clone";
          script = "win-exec 'reg query HKLM\\HARDWARE\\DESCRIPTION\\System /v WfvmTemplate'";
        })
      ];
    } "wfvm-run-clone > $out";
  # Needs what the other machine does not have.
  kvm = wfvm.makeWindowsImage { guestOs = "reference-guest"; accelerator = "kvm"; };
}
