# Layers of an image as derivations: what a change rebuilds, what each is built
# from, and what is refused. Nothing is built for this.
{ facts, imageBuilders, layer, pkgs, product, ... }:

let
  inherit (builtins) all elem filter genList head isString length map tail tryEval;

  arguments = { guestOs = "reference-guest"; accelerator = "tcg"; windowsImage = pkgs.writeText "medium" ""; };
  numbered = number: { name = "layer ${toString number}"; script = "echo ${toString number}"; };
  image = layers: product.makeWindowsImage (arguments // { inherit layers; });
  records = genList (index: numbered (index + 1)) 5;
  five = image records;
  with' = changed: image (map (record: if record.name == "layer 4" then record // changed else record) records);
  chain = image: map (image: image.drvPath) ([ image.base ] ++ image.layers);
  rebuilt = image: filter (path: !(elem path (chain five))) (chain image);

  compacted = product.makeWindowsImage (arguments // { layers = records; compact = true; });
  problems = record: product.makeWindowsImage.problems { layers = [ record ]; };
  refused = value: !(tryEval value).success;
  networked = network: { name = "updates"; script = ""; inherit network; };
  refusal = network: layer.refusal (layer.type.fill (networked network));
  forward = { listenAddr = "192.168.1.50"; targetAddr = "x"; port = 1; };
  says = words: text: isString text && all (word: length (builtins.split word text) > 1) words;
  spec = record: (image [ (numbered 1 // record) ]).spec;
in
facts "image-layers" {
  "five layers are six derivations" = [ (length (chain five)) 6 ];
  "a change of the fourth rebuilds it and the fifth" = [ (rebuilt (with' { script = "echo other"; })) (tail (tail (tail (tail (chain (with' { script = "echo other"; })))))) ];
  "those are two" = [ (length (rebuilt (with' { script = "echo other"; }))) 2 ];
  "an attribute of other people's rebuilds nothing" = [ (rebuilt (with' { meta.description = "mine"; })) [ ] ];
  "each stands on the one before" =
    [ (map (image: image.spec.parent) five.layers) (map (image: "${image}") ([ five.base ] ++ genList (builtins.elemAt five.layers) 4)) ];
  "the last is the image" = [ (builtins.elemAt five.layers 4).drvPath five.drvPath ];
  "an image without layers is its own base" = [ { inherit ((image [ ]).base) drvPath; layers = (image [ ]).layers; parent = (image [ ]).parent; } { drvPath = (image [ ]).drvPath; layers = [ ]; parent = null; } ];

  "the builder is wfvm-nix-builder layer" = [ [ five.builder five.args ] [ "${imageBuilders.layer}/bin/wfvm-nix-builder" [ "layer" ] ] ];
  "what is not redistributed carries its mark" =
    [ (product.makeWindowsImage { layers = [ (numbered 1) ]; }).name "RESTRICTDIST-layer-1.img" ];
  "a layer asks for KVM where its image does" =
    [ (map (image: image.requiredSystemFeatures) [ (product.makeWindowsImage { layers = [ (numbered 1) ]; }) five ]) [ [ "kvm" ] [ ] ] ];
  "it runs on the machine of the installation, as its account" =
    [ { inherit (five.spec) machine login; } { inherit (five.base) machine login; } ];
  "a new layer is strict" = [ (map (strict: (spec strict).strict) [ { } { strict = false; } ]) [ true false ] ];
  "a timeout that is not given is not said" = [ (spec { timeouts.scriptSeconds = 5; }).timeouts { scriptSeconds = 5; } ];
  "a package's bin directory is that of its output bin" =
    [ (head (spec { buildInputs = [ { outPath = "/nix/store/a"; bin = "/nix/store/b"; } ]; }).searchPath) "/nix/store/b/bin" ];
  "ports into the guest need no network" = [ (spec { network = { ports.web = 80; sshPort = 2022; }; }).network.ports { web = 80; } ];

  "compaction is one more derivation of the same name" =
    [ [ compacted.name compacted.parent.drvPath (length compacted.layers) ] [ five.name five.drvPath 5 ] ];
  "it tells the disk what is free" = [ [ compacted.spec.compact compacted.spec.script compacted.spec.strict ] [ true "win-exec 'defrag C: /L'" true ] ];
  "a compacted image is described" = [ compacted.machine five.machine ];

  "a layer that opens the network is refused, with both ways out" = [
    (map (network: says [ "impure = true" "sandbox = relaxed" "fixed-output" "`updates`" ] (refusal network))
      [ { open = true; } { forwards = [ forward ]; } { reachable = [ { host = "example.org"; port = 443; } ]; } ])
    [ true true true ]
  ];
  "and not evaluated" = [ (refused (image [ (networked { open = true; }) ]).drvPath) true ];
  "with impure it is built outside of the sandbox" = [ (image [ (networked { open = true; } // { impure = true; }) ]).__noChroot true ];
  "no other layer is" = [ (five ? __noChroot) false ];
  "a name that is nearly known is refused" =
    [ (problems (numbered 1 // { buildInput = [ ]; })) [ "there is no `layers[0].buildInput`. Did you mean `buildInputs`?" ] ];
  "a layer without a script is refused" = [ (problems { name = "x"; }) [ "`layers[0].script` is missing: it should be a string." ] ];
  "a misspelt opening is refused" =
    [ (problems (networked { opne = true; })) [ "there is no `layers[0].network.opne`. Did you mean `open`?" ] ];
  "a function is no layer" = [ (length (problems (list: { }))) 1 ];
  "a deadline of nothing is refused" = [ (length (problems (numbered 1 // { timeouts.bootSeconds = 0; }))) 1 ];
  "a second user to run as must be the image's" =
    [ (map (user: refused (five.run { name = "x"; script = ""; inherit user; }).drvPath) [ "wfvm" "alice" ]) [ false true ] ];

  "image.run is wfvm-run with the image" =
    [ (five.run { name = "x"; script = ""; }).drvPath (product.wfvm-run { name = "x"; script = ""; image = five; }).drvPath ];
  "image.debug is called by the image" = [ five.debug.meta.mainProgram "wfvm-debug-layer-5" ];
  "it shows the screen" = [ five.debug.spec.display true ];
  "an image of Windows is called without its mark" =
    [ (product.makeWindowsImage { }).debug.meta.mainProgram "wfvm-debug-windows" ];
}
