# What the record of a layer may say.
{ check, network, ... }:

let
  seconds = { type = check.nullOr (check.int "an integer number of seconds" 1); default = null; };
in
{
  # The derivation's name is made from it.
  name = { type = check.string; };
  # Bash, with win-exec and its siblings on PATH.
  script = { type = check.string; };
  # Packages whose programs the script calls.
  buildInputs = { type = check.listOf check.file; default = [ ]; };
  # Whether the first step that fails ends the layer.
  strict = { type = check.bool; default = true; };
  network = {
    type = check.record (network.arguments // {
      # Everything that the host reaches.
      open = { type = check.bool; default = false; };
      inherit (network) forwards;
    });
    default = { };
  };
  # Whether it is built outside of the sandbox.
  impure = { type = check.bool; default = false; };
  timeouts = {
    type = check.record { bootSeconds = seconds; scriptSeconds = seconds; shutdownSeconds = seconds; };
    default = { };
  };
}
