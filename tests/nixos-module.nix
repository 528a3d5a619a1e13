# nix/nixos, evaluated by the `lib` of a nixpkgs, with NixOS' own options as stubs.
{ lib, pkgs }:

let
  product = import ../nix { inherit pkgs; };
  stub = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };

  module = machines: lib.evalModules {
    modules = [
      ../nix/nixos
      { options.systemd.services = stub; config._module.args = { inherit pkgs; }; config.services.wfvm = { inherit machines; }; }
    ];
  };
  evaluated = machines: (module machines).config.systemd.services;
  options = builtins.filter (name: builtins.substring 0 1 name != "_")
    (builtins.attrNames ((module { }).options.services.wfvm.machines.type.getSubOptions [ ]));
  page = builtins.readFile ../docs/how-to/declare-a-machine.md;
  documented = name: builtins.match ".*`${name}`.*" page != null;

  image = product.makeWindowsImage { windowsImage = "${pkgs.writeText "windows.iso" ""}"; tpm = true; };
  services = evaluated {
    build = { inherit image; cores = 8; forwardedPorts = [ { host = 3389; guest = 3389; } ]; };
    fresh = { inherit image; keepState = false; autoStart = false; onNewImage = "replace"; };
  };
  refused = machine: !(builtins.tryEval (builtins.deepSeq (evaluated { x = machine; }) true)).success;
  facts = {
    "a machine is a service of its name" = builtins.attrNames services == [ "wfvm-build" "wfvm-fresh" ];
    "it starts with the host, unless it should not" =
      map (name: services.${name}.wantedBy) [ "wfvm-build" "wfvm-fresh" ] == [ [ "multi-user.target" ] [ ] ];
    "its programs evaluate" = builtins.all builtins.isString (with services.wfvm-build.serviceConfig; ExecStartPre ++ [ ExecStart ExecStop ]);
    "its state has a directory" = services.wfvm-build.serviceConfig.StateDirectory == "wfvm/build";
    "a misspelt option is refused" = refused { inherit image; memoryMb = 1; };
    "a wrong type is refused" = refused { inherit image; cores = "4"; };
    "the page has every option" = builtins.filter (name: !documented name) options == [ ] && builtins.length options > 5;
    "a machine wants an image" = refused { };
  };
  broken = builtins.filter (sentence: !facts.${sentence}) (builtins.attrNames facts);
in
if broken == [ ] then "${toString (builtins.length (builtins.attrNames facts))} facts hold"
else throw "nix/nixos: these facts do not hold: ${builtins.concatStringsSep "; " broken}"
