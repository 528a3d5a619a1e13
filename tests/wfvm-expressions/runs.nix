# Programs that start an image, inside other derivations and by hand.
{ pkgs, wfvm, src }:

let
  inherit (builtins) isString match tryEval;

  image = wfvm.makeWindowsImage { windowsImage = pkgs.writeText "windows.iso" ""; efi = false; cores = "2"; };
  run = arguments: wfvm.utils.wfvm-run ({ name = "build"; inherit image; script = "win-exec ver"; } // arguments);

  # The artiq way: packages from outside, commands with quotes, `&&` and `%cd%`.
  build = wfvm.utils.wfvm-run {
    name = "conda build";
    inherit image;
    isolateNetwork = false;
    display = false;
    fakeRtc = false;
    forwardedPorts = [ { listenAddr = "192.168.1.50"; targetAddr = "10.0.0.1"; port = 1380; } ];
    script = ''
      ${wfvm.utils.win-put}/bin/win-put ${src + "/README.md"} .
      ${wfvm.utils.win-exec}/bin/win-exec ".\Anaconda3\scripts\activate && cd \"%cd%\\src\" && conda build ."
      ${wfvm.utils.win-get}/bin/win-get out.tar.bz2
      ${wfvm.utils.win-wait}/bin/win-wait
    '';
  };
  byPath = pkgs.runCommand "conda-build" { buildInputs = [ build ]; } "wfvm-run-conda-build; cp out.tar.bz2 $out";
  job = pkgs.runCommand "hydra-job" { } ''
    ${build}/bin/wfvm-run-conda-build
    mkdir -p $out/nix-support
    echo file conda $out/x.tar.bz2 >> $out/nix-support/hydra-build-products
  '';
  plain = utils: (utils.wfvm-run { name = "x"; image = "/var/windows.qcow2"; script = ""; }).spec.machine;
  bios = import (src + "/wfvm/utils.nix") { inherit pkgs; efi = false; cores = "2"; qemuMem = "2G"; unknown = 1; };
  words = machine: { inherit (machine) firmware cores memoryMib tpm rtcBase; };
in
{
  facts = {
    "the program is called by its name" = [ (run { }).meta.mainProgram "wfvm-run-build" ];
    "so is the derivation" = [ (run { }).name "wfvm-run-build" ];
    "a blank in the name becomes what a store path may have" = [ build.meta.mainProgram "wfvm-run-conda-build" ];
    "the network is closed" = [ (run { }).spec.network.open false ];
    "isolateNetwork opens it" = [ build.spec.network.open true ];
    "forwardedPorts arrive" = [ build.spec.network.forwards [ { listenAddress = "192.168.1.50"; targetAddress = "10.0.0.1"; port = 1380; } ] ];
    "fakeRtc = false is the host's clock" = [ build.spec.machine.rtcBase "localtime" ];
    "display arrives" = [ (map (display: (run { inherit display; }).spec.display) [ true false ]) [ true false ] ];
    "port 2022 is there for who asks for it" = [
      (map (script: (run { inherit script; }).spec.network.sshPort or null) [ "ssh -p 2022 wfvm@localhost" "win-exec ver" ])
      [ 2022 null ]
    ];
    "an unknown name is refused" = [ (tryEval (run { isolateNetworks = true; }).drvPath).success false ];
    "an unknown name in a forwarded port is refused" =
      [ (tryEval (run { forwardedPorts = [ { listenAddr = "192.168.1.50"; targetAddr = "x"; port = 1; proto = "udp"; } ]; }).drvPath).success false ];
    "win-* are packages of their names" = [
      (map (name: wfvm.utils.${name}.name) [ "win-exec" "win-wait" "win-put" "win-get" ])
      [ "win-exec" "win-wait" "win-put" "win-get" ]
    ];
    "and know their program" = [ wfvm.utils.win-exec.meta.mainProgram "win-exec" ];
    "derivations call it by PATH and by its path" = [ [ byPath.name job.name ] [ "conda-build" "hydra-job" ] ];
    "an image is run on its own machine" = [ (run { }).spec.machine.firmware "bios" ];
    "whatever utils were given" =
      [ (bios.wfvm-run { name = "x"; image = wfvm.makeWindowsImage { }; script = ""; }).spec.machine.firmware "uefi" ];
    "a disk that nobody described is run as WFVM does" =
      [ (words (plain wfvm.utils)) { firmware = "uefi"; cores = 4; memoryMib = 4096; tpm = false; rtcBase = "2022-10-10T10:10:10"; } ];
    "or as utils were told" =
      [ (words (plain bios)) { firmware = "bios"; cores = 2; memoryMib = 2048; tpm = false; rtcBase = "2022-10-10T10:10:10"; } ];
    "account and password are WFVM's" = [ (run { }).spec.login { user = "wfvm"; password = "1234"; } ];
    "the program is a path" = [ (isString "${run { }}/bin/wfvm-run-build" && match ".*-wfvm-run-build/bin/.*" "${run { }}/bin/wfvm-run-build" != null) true ];
  };
}
