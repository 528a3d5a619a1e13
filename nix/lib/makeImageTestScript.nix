{ check, pkgs, spec, started, storeName, wfvm-nix-builder, ... }:

/** A script that starts an image for a person and keeps what is written to it. Its one
   argument is the file that keeps it: made if it is not there, used again if it is.

   # Type

   makeImageTestScript :: image -> Derivation, an executable file

   The image is one of makeWindowsImage, a directory with disk-image.qcow2, as vmTools has
   them, or a qcow2 file; for a template it is the image that this was made of, since a disk
   that is kept has to be booted. The screen is in a window where there is a desktop, else it is
   shown by VNC on loopback. `QEMU_OPTS` and `QEMU_NET_OPTS` of the caller are added. */
given:

let
  image = import ../disk.nix given;
  problems = check.file.problems "image" given;
  name = if builtins.isAttrs image then image.name or "image" else baseNameOf (builtins.unsafeDiscardStringContext (toString image));
  inherit (started image) machine login;
  run = spec.run {
    inherit login;
    # A person would rather wait than be refused: slowly, if there is no KVM.
    machine = machine // { accelerator = if machine.accelerator == "kvm" then "auto" else machine.accelerator; };
    arguments = {
      inherit name image;
      script = "";
      display = true;
      isolateNetwork = true;
      forwardedPorts = [ ];
      reachable = [ ];
      ports = { };
      sshPort = null;
      timeouts = { };
    };
  };
in
if problems != [ ] then throw "wfvm.makeImageTestScript: ${builtins.head problems}" else
pkgs.writeShellScript "${storeName name}-test-script" ''
  if [ $# != 1 ] || [ "$1" = --help ]; then
    cat >&2 <<'USAGE'
  Usage: this script, and the name of a file.

  Starts ${name}. The file keeps what is written to the disk: it is made over the
  image if it is not there, and used again if it is; FILE.nvram and FILE.tpm beside
  it are the machine's own memory. Nothing else is changed.

  QEMU_OPTS       words for the end of QEMU's command line
  QEMU_NET_OPTS   for its network, such as hostfwd=tcp::2222-:22, which listens on loopback
  USAGE
    exit 1
  fi

  words=()
  set -f
  for word in $QEMU_OPTS; do words+=(--qemu-word "$word"); done
  IFS=,
  for option in $QEMU_NET_OPTS; do
    # Without an address QEMU would listen on all of them.
    case $option in
      hostfwd=tcp::*) option=hostfwd=tcp:127.0.0.1:''${option#hostfwd=tcp::} ;;
      hostfwd=udp::*) option=hostfwd=udp:127.0.0.1:''${option#hostfwd=udp::} ;;
    esac
    words+=(--qemu-word -set --qemu-word "netdev.network.$option")
  done
  exec ${wfvm-nix-builder}/bin/wfvm-nix-builder run --spec ${pkgs.writeText "${storeName name}-test.json" (builtins.toJSON run)} \
    --display --keep "$1" "''${words[@]}"
''
