# What the service of a machine runs. The devices are those of crates/wfvm/src/machine,
# since Windows was installed on them.
{ pkgs, name, declared }:

let
  inherit (builtins) concatStringsSep map;

  disk = import ../disk.nix declared.image;

  # A disk that nobody described, as wfvm-run starts it.
  plain = {
    firmware = "uefi";
    accelerator = "kvm";
    cores = 4;
    memoryMib = 4096;
    diskBus = "sata";
    networkCard = "e1000e";
    tpm = false;
    secureBoot = false;
    cpuModel = null;
    extraQemuFlags = [ ];
  };
  installed = plain // (import ../described.nix disk).machine or { };
  machine = installed // builtins.listToAttrs (builtins.filter (field: field.value != null)
    (map (name: { inherit name; value = declared.${name}; }) [ "cores" "memoryMib" ]));

  shellWord = word: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] word}'";
  when = condition: words: if condition then words else [ ];
  secureBoot = machine.secureBoot or false;
  uefi = machine.firmware == "uefi";
  ovmf = import ../ovmf.nix { inherit pkgs; } machine;
  # What the image's machine had besides the disk; a path says nothing of it.
  state = disk.state or null;

  # With `auto`, QEMU takes the first that works.
  accelerators = { kvm = [ "kvm" ]; tcg = [ "tcg,thread=multi" ]; auto = [ "kvm" "tcg,thread=multi" ]; }.${machine.accelerator};
  cpu = if machine.cpuModel or null != null then machine.cpuModel else if machine.accelerator == "kvm" then "host" else "max,monitor=off";
  forwards = map (port: ",hostfwd=tcp:${port.address}:${toString port.host}-:${toString port.guest}") declared.forwardedPorts;

  # Relative paths are in the state's directory; the shell writes $run.
  words = [
    "-name" name
    "-nodefaults" "-no-user-config"
    "-machine" "q35,hpet=off${if secureBoot then ",smm=on" else ""}"
  ]
  ++ builtins.concatMap (accelerator: [ "-accel" accelerator ]) accelerators
  ++ [
    "-cpu" cpu
    "-smp" "${toString machine.cores},sockets=1,cores=${toString machine.cores}"
    "-m" "${toString machine.memoryMib}M"
    "-rtc" "base=localtime"
    "-global" "kvm-pit.lost_tick_policy=discard"
    "-device" "VGA,edid=on,xres=1024,yres=768"
    "-device" "qemu-xhci,id=usb"
    "-device" "usb-tablet,bus=usb.0"
    "-device" "usb-kbd,bus=usb.0"
    "-drive" "if=none,id=system,format=qcow2,discard=unmap,detect-zeroes=unmap,file=disk.qcow2"
    "-device" { sata = "ide-hd,bus=ide.0,drive=system,bootindex=1"; virtio = "virtio-blk-pci,drive=system,bootindex=1"; }.${machine.diskBus}
    "-netdev" "user,id=network,net=192.168.1.0/24${if declared.isolateNetwork then ",restrict=on,ipv6=off" else ""}${concatStringsSep "" forwards}"
    "-device" { e1000e = "e1000e,netdev=network,romfile="; virtio = "virtio-net-pci,netdev=network,romfile="; }.${machine.networkCard}
  ]
  ++ when uefi [
    "-drive" "if=pflash,unit=0,format=raw,readonly=on,file=${ovmf.code}"
    "-drive" "if=pflash,unit=1,format=raw,file=uefi-variables.fd"
  ]
  ++ when secureBoot [ "-global" "driver=cfi.pflash01,property=secure,value=on" "-global" "ICH9-LPC.disable_s3=1" ]
  ++ when machine.tpm [ "-tpmdev" "emulator,id=tpm0,chardev=tpm" "-device" "tpm-crb,tpmdev=tpm0" ]
  ++ machine.extraQemuFlags ++ declared.extraQemuFlags;

  # Sockets are short-lived, and their paths limited to 107 bytes.
  sockets = [ "-qmp" "unix:$run/qmp.sock,server=on,wait=off" "-display" (if declared.vnc then "vnc=unix:$run/vnc.sock" else "none") ]
    ++ when machine.tpm [ "-chardev" "socket,id=tpm,path=$run/tpm.sock" ];

  script = part: text: pkgs.writeShellScript "wfvm-${name}-${part}" ''
    set -euo pipefail
    export PATH=${pkgs.coreutils}/bin:${pkgs.qemu}/bin:${pkgs.swtpm}/bin:${pkgs.socat}/bin
    run=$RUNTIME_DIRECTORY
    cd "$STATE_DIRECTORY"
    ${text}
  '';
in
{
  /** The disk on top of the image, and the variables of its firmware. */
  prepare = script "prepare" ''
    image=${disk}
    ${if declared.keepState then "" else "rm -rf disk.qcow2 uefi-variables.fd tpm image"}
    if [ -e disk.qcow2 ] && [ "$(cat image)" != "$image" ]; then
      ${if declared.onNewImage == "replace" then ''
        echo "the image is another one: the disk on top of $(cat image) is deleted"
        rm -rf disk.qcow2 uefi-variables.fd tpm
      '' else ''
        echo "the image is another one, $image, and the disk stays on top of $(cat image)." >&2
        echo "To begin anew, stop the service and delete $STATE_DIRECTORY/disk.qcow2, or set onNewImage = \"replace\"." >&2
      ''}
    fi
    if [ ! -e disk.qcow2 ]; then
      printf %s "$image" > image
      ${if uefi then "cp --no-preserve=mode ${ovmf.variables} uefi-variables.fd" else ""}
      mkdir -p tpm
      ${if state == null then "" else "cp --recursive --no-preserve=mode,ownership ${state}/. ."}
      qemu-img create -q -f qcow2 -F qcow2 -b "$image" disk.partial
      mv disk.partial disk.qcow2
    fi
  '';

  /** Keeps the image that the disk is on top of. */
  protect = script "protect" ''
    ln -sfn "$(cat image)" /nix/var/nix/gcroots/wfvm-${name}
  '';

  start = script "start" ''
    ${if machine.tpm then ''swtpm socket --tpm2 --tpmstate dir=tpm --ctrl "type=unixio,path=$run/tpm.sock" --terminate --daemon'' else ""}
    exec qemu-system-x86_64 ${concatStringsSep " " (map shellWord words)} ${concatStringsSep " " (map (word: ''"${word}"'') sockets)}
  '';

  /** As the power button: Windows shuts down. systemd kills it after the time that it has. */
  stop = script "stop" ''
    printf '%s\n' '{"execute":"qmp_capabilities"}' '{"execute":"system_powerdown"}' | socat -t 5 - "UNIX-CONNECT:$run/qmp.sock"
    exec tail --pid="$MAINPID" --follow /dev/null
  '';
}
