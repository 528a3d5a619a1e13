# Layers: included ones, ones of one's own, one to five of them.
{ pkgs, wfvm, ... }:

let
  inherit (builtins) isFunction isString length;

  medium = pkgs.writeText "windows.iso" "";
  names = image: map (image: image.name) image.layers;
  installer = pkgs.runCommand "tool" { } "";
  packages = [ (pkgs.fetchurl { url = "https://example.org/mingw-w64-x86_64-x.pkg.tar.zst"; sha256 = "0000000000000000000000000000000000000000000000000000"; }) ];

  # A store file under a name of its own, and a here-document whose words the shell leaves alone.
  own = {
    name = "Qt 5";
    script = ''
      ln -s ${installer} ./qt.exe
      win-put qt.exe .
      cat > control.qs <<'EOF'
      function Controller() { installer.setValue("TargetDir", "C:\\Qt"); }
      EOF
      win-put control.qs
      win-exec "qt.exe --script control.qs && echo installed"
    '';
  };

  five = { windowsImage = medium; installCommands = with wfvm.layers; [
    (collapseLayers [ disable-autosleep disable-autolock disable-firewall disable-scheduled-defrag ])
    anaconda3
    msys2
    (msys2-packages packages)
    own
  ]; };
  image = wfvm.makeWindowsImage five;

  # A function of somebody's passes what it does not know through.
  make = { extra ? [ ], ... }@args: wfvm.makeWindowsImage (removeAttrs args [ "extra" ] // { installCommands = extra; });

  msvc = wfvm.makeWindowsImage { windowsImage = medium; installCommands = [ wfvm.layers.msvc wfvm.layers.msvc-ide-unbreak ]; };
  record = layer: isString layer.name && isString layer.script;
  last = image.spec;
in
{
  facts = {
    "five layers are five derivations, called by their layers" = [
      (names image)
      [
        "RESTRICTDIST-disable-autosleep-disable-autolock-disable-firewall-disable-scheduled-defrag.img"
        "RESTRICTDIST-Anaconda3.img"
        "RESTRICTDIST-MSYS2.img"
        "RESTRICTDIST-MSYS2-packages.img"
        "RESTRICTDIST-Qt-5.img"
      ]
    ];
    "the image is the last of them" = [ image.name "RESTRICTDIST-Qt-5.img" ];
    "the first stands on the installation" = [ (builtins.head image.layers).parent.drvPath (wfvm.makeWindowsImage { windowsImage = medium; }).drvPath ];
    "a layer's script is the caller's" = [ last.script own.script ];
    "old layers are not strict" = [ last.strict false ];
    "the network is closed" = [ { inherit (last.network) open forwards reachable; } { open = false; forwards = [ ]; reachable = [ ]; } ];
    "QEMU's programs are on PATH" = [ (builtins.elem "${wfvm.utils.qemu}/bin" last.searchPath) true ];
    "arguments are passed through" = [ (names (make { windowsImage = medium; imageSelection = "Windows 10 Pro"; extra = [ own ]; })) [ "RESTRICTDIST-Qt-5.img" ] ];
    "offlineInstallCommands are layers as well" =
      [ (names (wfvm.makeWindowsImage { windowsImage = medium; offlineInstallCommands = [ own (own // { name = "b"; }) ]; })) [ "RESTRICTDIST-Qt-5.img" "RESTRICTDIST-b.img" ] ];
    "msvc and its repair are layers" = [ (names msvc) [ "RESTRICTDIST-MSVC.img" "RESTRICTDIST-MSVC-ide-unbreak.img" ] ];
    "msvc is built from a download of its own" = [ (isString msvc.drvPath) true ];
    "WFVM's records are records" = [
      (map (name: record wfvm.layers.${name})
        [ "anaconda3" "msys2" "msvc" "msvc-ide-unbreak" "disable-firewall" "disable-autosleep" "disable-autolock" "disable-scheduled-defrag" ])
      (builtins.genList (_: true) 8)
    ];
    "and two of its names are functions of a list" =
      [ [ (isFunction wfvm.layers.msys2-packages) (length wfvm.layers.collapseLayers.buildInputs or [ ]) ] [ true 0 ] ];
    "buildInputs' programs come first" = [
      (builtins.head (wfvm.makeWindowsImage { windowsImage = medium; installCommands = [ (own // { buildInputs = [ installer ]; }) ]; }).spec.searchPath)
      "${installer}/bin"
    ];
  };
}
