# Layers: the derivation of each.
{ check, imageDerivation, network, spec, ... }:

let
  inherit (builtins) attrNames concatStringsSep filter;

  fields = import ./layer-record.nix { inherit check network; };
  # WFVM tolerates attributes of other people's, and so do we.
  type = check.openRecord fields;

  # What lets the guest out; ports lead into it.
  openings = layer:
    let closed = type.fill { name = ""; script = ""; };
    in filter (opening: layer.network.${opening} != closed.network.${opening}) [ "open" "forwards" "reachable" ];
  # Why a layer cannot be built as it is, or null.
  refusal = layer:
    if layer.impure || openings layer == [ ] then null else ''
      wfvm.makeWindowsImage: the layer `${layer.name}` opens the network (`network.${concatStringsSep "`, `network." (openings layer)}`), which a sandboxed build does not have.
      Either say so in the layer: `impure = true;` builds it outside of the sandbox, which Nix permits with `sandbox = relaxed`, and its result depends on what the network answered that day.
      Or download in a fixed-output derivation, which has the network (`pkgs.fetchurl`, or a `wfvm-run` with `isolateNetwork = false` in a derivation with `outputHash`), and `win-put` the files in the layer.'';
  possible = layer: let problem = refusal layer; in if problem == null then layer else throw problem;

  derivationOf = { parent, template ? null, name, compact, passthru ? _: { } }: layer:
    let
      checked = possible layer;
      # What the guest is started from.
      start = if template == null then parent else template;
    in imageDerivation ({
      inherit name;
      subcommand = "layer";
      inherit (start) requiredSystemFeatures;
      spec = spec.layer { layer = checked; inherit (start) machine login; parent = start; inherit compact; };
      passthru = image: { inherit (parent) machine login logins base layers; inherit parent; } // passthru image;
    }
    # The image stands on the image below: with a template in it, its memory would be copied along.
    // (if template == null then { } else { outputChecks.out.disallowedReferences = [ template ]; })
    // (if checked.impure then { __noChroot = true; } else { }));
in
rec {
  inherit type refusal;
  names = attrNames fields;

  /** The image that a layer makes of its parent, or of a guest that the parent's template revives. */
  on = { guest, parent, template ? null }: layer: derivationOf
    {
      inherit parent template;
      name = guest.imageName layer.name;
      compact = false;
      passthru = image: { layers = parent.layers ++ [ image ]; };
    }
    layer;

  /** `on` for a record that nobody has looked at, for the function NAME. */
  given = name: place: record:
    let problems = type.problems "layer" record; in
    if problems != [ ] then throw (concatStringsSep "\n" (map (problem: "wfvm.${name}: ${problem}") problems))
    else on place (type.fill record);

  /** The same image as one compressed file. What the guest has deleted is not in it. */
  compact = { guest, parent }: derivationOf
    { inherit parent; inherit (parent) name; compact = true; }
    (type.fill { name = "compact"; script = "win-exec '${guest.trim}'"; });
}
