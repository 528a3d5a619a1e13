# Windows machines that a NixOS declares: each a systemd service `wfvm-NAME` that is
# started from an image, with a disk of its own in /var/lib/wfvm/NAME.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkOption types;

  port = types.submodule {
    options = {
      host = mkOption { type = types.port; description = "The host's TCP port."; };
      guest = mkOption { type = types.port; description = "The guest's TCP port."; };
      address = mkOption { type = types.str; default = "127.0.0.1"; description = "Where the host listens."; };
    };
  };

  asInstalled = type: description: mkOption {
    type = types.nullOr type;
    default = null;
    description = "${description} Null: as the image was installed.";
  };

  machine = types.submodule {
    options = {
      image = mkOption {
        type = types.package;
        description = "What `makeWindowsImage` returned; of a template its image, which boots.";
      };
      autoStart = mkOption {
        type = types.bool;
        default = true;
        description = "Whether it starts when the host does.";
      };
      keepState = mkOption {
        type = types.bool;
        default = true;
        description = "Whether what the guest has written survives a stop: its disk, the variables of its firmware, its TPM.";
      };
      onNewImage = mkOption {
        type = types.enum [ "keep" "replace" ];
        default = "keep";
        description = "When `image` has become another one, go on with the old disk, with a warning, or begin anew and delete it.";
      };
      cores = asInstalled types.ints.positive "Number of CPUs.";
      memoryMib = asInstalled types.ints.positive "Memory in MiB.";
      isolateNetwork = mkOption {
        type = types.bool;
        default = true;
        description = "Whether the guest reaches nothing. `forwardedPorts` lead into it all the same.";
      };
      forwardedPorts = mkOption {
        type = types.listOf port;
        default = [ ];
        example = [ { host = 3389; guest = 3389; } ];
        description = "TCP ports of the host that lead into the guest.";
      };
      vnc = mkOption {
        type = types.bool;
        default = true;
        description = "Whether the screen is shown by VNC, on the socket /run/wfvm-NAME/vnc.sock.";
      };
      extraQemuFlags = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Words at the end of QEMU's command line.";
      };
      stopSeconds = mkOption {
        type = types.ints.positive;
        default = 180;
        description = "How long the guest may take to shut down.";
      };
    };
  };

  service = name: declared:
    let programs = import ./programs.nix { inherit pkgs name declared; };
    in {
      description = "Windows machine ${name}";
      wantedBy = lib.optional declared.autoStart "multi-user.target";
      # A change of the declaration waits for the next start: the guest is in use.
      restartIfChanged = false;
      serviceConfig = {
        # The + makes it root's: the old image of a kept disk must survive the garbage collector.
        ExecStartPre = [ "${programs.prepare}" "+${programs.protect}" ];
        ExecStart = "${programs.start}";
        ExecStop = "${programs.stop}";
        TimeoutStopSec = declared.stopSeconds;
        # Restarted if QEMU dies, and not when the guest shuts itself down.
        Restart = "on-failure";
        DynamicUser = true;
        SupplementaryGroups = [ "kvm" ];
        StateDirectory = "wfvm/${name}";
        RuntimeDirectory = "wfvm-${name}";
        RuntimeDirectoryMode = "0750";
      };
    };
in
{
  options.services.wfvm.machines = mkOption {
    type = types.attrsOf machine;
    default = { };
    description = "Windows machines, each started from an image as the service `wfvm-NAME`.";
  };

  config.systemd.services = lib.mapAttrs' (name: declared: lib.nameValuePair "wfvm-${name}" (service name declared))
    config.services.wfvm.machines;
}
