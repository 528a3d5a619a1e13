# Layers on an installed image: each is kept as what it changes, and changing
# one rebuilds it and those after it. The reference guest stands for Windows.
{ pkgs, wfvm }:

wfvm.makeWindowsImage {
  guestOs = "reference-guest";
  accelerator = "tcg";
  layers = [
    wfvm.layers.disable-autolock
    {
      name = "work folder";
      # The first step that fails ends the layer.
      script = ''
        win-exec 'mkdir C:\work'
        win-put ${./hello.c} 'C:\work' --as hello.c
        win-exec 'type C:\work\hello.c' | grep -q main
      '';
      timeouts.scriptSeconds = 600;
    }
  ];
}
