# A program that starts an image with its screen in a window, and a shell beside it.
{ pkgs, program, spec, ... }:
image:

let
  described = import ./described.nix image;
  name = import ./plain-name.nix image.name;
in
program {
  name = "wfvm-debug-${name}";
  inherit image;
  spec = spec.run {
    inherit (described) machine login;
    arguments = {
      inherit name image;
      display = true;
      isolateNetwork = true;
      forwardedPorts = [ ];
      reachable = [ ];
      ports = { };
      sshPort = null;
      timeouts = { };
      script = ''
        cat >&2 <<'HINT'
        ${image.name} runs, with its screen in a window. This shell is beside it:

          win-exec 'dir C:\'        runs a command in it
          win-put FILE [DIRECTORY]  copies a file into it
          win-get FILE              copies a file out of it
          exit                      ends it, and throws its changes away
        HINT
        exec ${pkgs.bashInteractive}/bin/bash -i
      '';
    };
  };
}
