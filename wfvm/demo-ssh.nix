# An interactive SSH session in the demo image, whose network is open.
{ pkgs ? import <nixpkgs> { } }:

let
  wfvm = import ./. { inherit pkgs; };
  password = pkgs.writeShellScript "password" "echo 1234";
in
wfvm.utils.wfvm-run {
  name = "demo-ssh";
  image = import ./demo-image.nix { inherit pkgs; };
  isolateNetwork = false;
  script = ''
    SSH_ASKPASS_REQUIRE=force SSH_ASKPASS=${password} ${pkgs.openssh}/bin/ssh ${wfvm.utils.sshOpts} -p 2022 wfvm@localhost
  '';
}
