# WFVM's tools for machines of one's own: QEMU, its words, and programs that talk to the guest.
#
# The arguments are for disks that nobody described. An image of makeWindowsImage
# is run on the machine that it was installed on.
{
  pkgs,
  baseRtc ? "2022-10-10T10:10:10",
  cores ? "4",
  qemuMem ? "4G",
  efi ? true,
  enableTpm ? false,
  # As in ./default.nix.
  toolsPkgs ? pkgs,
  wfvm ? import ../nix { pkgs = toolsPkgs; },
  ...
}:

let
  values = import ./values.nix "wfvm.utils";
  machine = builtins.foldl' (done: name: done // values.machine.${name} { inherit baseRtc cores qemuMem efi enableTpm; }.${name}) { }
    [ "baseRtc" "cores" "qemuMem" "efi" "enableTpm" ];

  # A package for each command, as WFVM has them.
  command = name: toolsPkgs.runCommand name { meta.mainProgram = name; } ''
    mkdir -p $out/bin
    ln -s ${wfvm.wfvm-nix-builder}/bin/${name} $out/bin/${name}
  '';

  when = condition: words: if condition then words else [ ];
in
rec {
  inherit (toolsPkgs) qemu;

  # The pair that our machines start from, and the same bytes as one file for
  # `-bios`: variables below, code above.
  OVMF = toolsPkgs.OVMF // {
    fd = toolsPkgs.runCommand "OVMF-fd" { } ''
      mkdir -p $out/FV
      ln -s ${toolsPkgs.OVMF.fd}/FV/OVMF_CODE.fd ${toolsPkgs.OVMF.fd}/FV/OVMF_VARS.fd $out/FV/
      cat $out/FV/OVMF_VARS.fd $out/FV/OVMF_CODE.fd > $out/FV/OVMF.fd
    '';
  };

  # The caller's own words are the last: he may end with `-netdev` and add its
  # value after these. The cards are those that an image has drivers of.
  mkQemuFlags = extra: [
    "-enable-kvm"
    "-cpu" "host"
    "-smp" (toString machine.cores)
    "-m" "${toString machine.memoryMib}M"
    "-M" "q35,smm=on"
    "-vga" "std"
    "-rtc" "base=${machine.rtcBase}"
    "-device" "qemu-xhci"
    "-device" "e1000e,netdev=n1"
  ]
  ++ when efi [ "-bios" "${OVMF.fd}/FV/OVMF.fd" ]
  ++ when enableTpm [
    "-chardev" "socket,id=chrtpm,path=tpm.sock"
    "-tpmdev" "emulator,id=tpm0,chardev=chrtpm"
    "-device" "tpm-crb,tpmdev=tpm0"
  ]
  ++ extra;

  # A job of the shell that runs this; Windows 11 asks for version 2.0.
  tpmStartCommands = if !enableTpm then "" else ''
    mkdir -p tpmstate
    ${toolsPkgs.swtpm}/bin/swtpm socket --tpm2 --tpmstate dir=tpmstate --ctrl type=unixio,path=tpm.sock &
  '';

  # The time-out covers the key exchange, which takes seconds on a busy host.
  sshOpts = "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=60";

  win-exec = command "win-exec";
  win-wait = command "win-wait";
  win-put = command "win-put";
  win-get = command "win-get";

  wfvm-run = { image, script, ... }@given:
    let
      described = import ../nix/described.nix image;
      port = values.sshPort script;
    in
    wfvm.wfvm-run ((if port == null then { } else { sshPort = port; }) // given // {
      machine = (if described ? machine then { } else machine) // given.machine or { };
    });
}
