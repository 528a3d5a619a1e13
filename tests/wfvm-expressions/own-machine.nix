# QEMU calls of one's own, built from `utils`.
{ pkgs, wfvm, src }:

let
  inherit (builtins) concatStringsSep elemAt length match;

  utils = import (src + "/wfvm/utils.nix") {
    inherit pkgs;
    baseRtc = "2020-04-20T14:21:42";
    cores = "8";
    qemuMem = "8G";
    enableTpm = true;
  };
  image = wfvm.makeWindowsImage { windowsImage = pkgs.writeText "windows.iso" ""; };

  # One consumer writes the value of `-netdev` after the join.
  flags = utils.mkQemuFlags [ "-display" "none" "-netdev" ];
  call = pkgs.runCommand "own-machine" { buildInputs = [ utils.qemu utils.win-wait utils.win-exec utils.win-put utils.win-get ]; } ''
    ${utils.tpmStartCommands}
    qemu-system-x86_64 -snapshot -drive file=${image},format=qcow2 ${concatStringsSep " " flags} user,id=n1,net=192.168.1.0/24,restrict=on,hostfwd=tcp::2022-:22 &
    win-wait
    win-exec 'shutdown /s'
    wait
  '';
  plain = wfvm.utils;
in
{
  facts = {
    "utils has WFVM's names" = [
      (builtins.attrNames plain)
      [ "OVMF" "mkQemuFlags" "qemu" "sshOpts" "tpmStartCommands" "wfvm-run" "win-exec" "win-get" "win-put" "win-wait" ]
    ];
    "the words come in WFVM's order" = [
      (concatStringsSep " " flags)
      (concatStringsSep " " [
        "-enable-kvm -cpu host -smp 8 -m 8192M -M q35,smm=on -vga std -rtc base=2020-04-20T14:21:42 -device qemu-xhci"
        # WFVM has virtio-net-pci here, and qxl above: an image of ours has no drivers for them.
        "-device e1000e,netdev=n1"
        "-bios ${utils.OVMF.fd}/FV/OVMF.fd"
        # WFVM has tpm-tis here.
        "-chardev socket,id=chrtpm,path=tpm.sock -tpmdev emulator,id=tpm0,chardev=chrtpm -device tpm-crb,tpmdev=tpm0"
        "-display none -netdev"
      ])
    ];
    "the caller's last word is the last" = [ (elemAt flags (length flags - 1)) "-netdev" ];
    "without efi there is no firmware, without a TPM no TPM" = [
      (concatStringsSep " " ((import (src + "/wfvm/utils.nix") { inherit pkgs; efi = false; }).mkQemuFlags [ ]))
      "-enable-kvm -cpu host -smp 4 -m 4096M -M q35,smm=on -vga std -rtc base=2022-10-10T10:10:10 -device qemu-xhci -device e1000e,netdev=n1"
    ];
    "the TPM is a job of the caller's shell, and a TPM 2.0" =
      [ (match ".*/bin/swtpm socket --tpm2 --tpmstate dir=tpmstate --ctrl type=unixio,path=tpm.sock &\n" utils.tpmStartCommands != null) true ];
    "without a TPM there is none to start" = [ plain.tpmStartCommands "" ];
    "ssh asks nothing, and waits for a slow guest" = [
      plain.sshOpts
      "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=60"
    ];
    "the derivation evaluates" = [ call.name "own-machine" ];
  };
}
