# WFVM's own interface: its names, its strings, its silences (with a warning).
#
# Everything is translated here into the arguments of nix/; nothing there knows
# the old words.
{
  pkgs,
  # Where our programs come from (nix/nixpkgs-attributes.md), if `pkgs` is too old
  # to have them, or in order that a change of `pkgs` builds no image anew.
  toolsPkgs ? pkgs,
  wfvm ? import ../nix { pkgs = toolsPkgs; },
}@entry:

{
  makeWindowsImage = given:
    let
      own = given ? pkgs && !(entry ? toolsPkgs);
      tools = if own then given.pkgs else toolsPkgs;
      product = if own then import ../nix { pkgs = tools; } else wfvm;
      parameters = import ./parameters.nix { pkgs = tools; };
      arguments = parameters.arguments (builtins.attrNames product.makeWindowsImage.__functionArgs) given;
      image = product.makeWindowsImage arguments.ours;
    in
    if !arguments.impureMode then image
    else tools.writeShellScript "windows-install-script" ''
      # Installs to c.img in the current directory, outside of any sandbox.
      exec ${product.wfvm-nix-builder}/bin/wfvm-nix-builder install --out c.img --display \
        --spec ${tools.writeText "windows-install-spec.json" (builtins.toJSON image.spec)} "$@"
    '';

  # What an old layer does not say, it means.
  layers = wfvm.layers // { collapseLayers = wfvm.layers.collapseLayers // { strictByDefault = false; }; };

  utils = import ./utils.nix { inherit pkgs toolsPkgs wfvm; };
}
