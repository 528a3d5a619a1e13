# What a guest reaches and how it is reached: the arguments of everything that
# starts one, and their place in a spec.
{ check }:

let
  port = check.int "a port number" 1;
in
{
  # The guest connects to listenAddr:port and reaches targetAddr:port.
  forwards = {
    type = check.listOf (check.record {
      listenAddr = { type = check.string; };
      targetAddr = { type = check.string; };
      port = { type = port; };
    });
    default = [ ];
  };

  # For both runs and layers.
  arguments = {
    # By name: the guest connects to host:port, and so does the host for it.
    reachable = {
      type = check.listOf (check.record { host = { type = check.string; }; port = { type = port; }; });
      default = [ ];
    };
    # { NAME = port of the guest; }: a script finds the host's in WFVM_PORT_NAME.
    ports = { type = check.attrsOf port; default = { }; };
    # A port of the host that leads to the guest's SSH server.
    sshPort = { type = check.nullOr port; default = null; };
  };

  /** The openings in a spec, from `open`, `forwards` and the arguments. */
  spec = { open, forwards, reachable, ports, sshPort, ... }: {
    inherit open reachable ports;
    forwards = map
      (forward: { listenAddress = forward.listenAddr; targetAddress = forward.targetAddr; inherit (forward) port; })
      forwards;
  } // (if sshPort == null then { } else { inherit sshPort; });
}
