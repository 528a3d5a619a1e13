# How an image is started: as it says, or as a disk that nobody described, which is WFVM's way.
{ machineArguments, spec }:
image:

let
  described = import ./described.nix image;
in
{
  machine = described.machine or (spec.machine
    (builtins.mapAttrs (_: argument: argument.default) machineArguments // { cores = 4; memoryMib = 4096; }));
  login = described.login or { user = "wfvm"; password = "1234"; };
  logins = described.logins or { };
}
