# What `secureBoot` and `firmwareVariables` make of a spec. That such a guest boots, and others do not, is ring 5's.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) attrNames intersectAttrs match tryEval unsafeDiscardStringContext;

  make = given: product.makeWindowsImage ({ guestOs = "reference-guest"; accelerator = "tcg"; } // given);
  windows = given: product.makeWindowsImage ({ windowsImage = pkgs.writeText "windows.iso" ""; } // given);
  own = pkgs.writeText "own.fd" "";
  plain = text: unsafeDiscardStringContext "${text}";
  ends = ending: path: match ".*/FV/${ending}" (plain path) != null;
  refuses = image: !(tryEval image.drvPath).success;

  secure = make { secureBoot = true; };
  layered = make { secureBoot = true; layers = [ { name = "layer"; script = ""; } ]; };
  run = product.wfvm-run { name = "run"; image = layered; script = ""; };
in
facts "secure-boot" {
  "an image that does not ask for it has the spec that it had" =
    [ (intersectAttrs { secureBoot = null; firmwareVariables = null; } (make { }).spec.machine) { } ];
  "the machine has it" = [ secure.spec.machine.secureBoot true ];
  "by the firmware that keeps its variables to itself" = [ (ends "OVMF_CODE[.]ms[.]fd" secure.spec.tools.ovmfCode) true ];
  "the reference guest's key is in its variables" =
    [ (plain secure.spec.tools.ovmfVars) (plain product.referenceGuest.firmwareVariables) ];
  "Microsoft's are in those of Windows" = [ (ends "OVMF_VARS[.]ms[.]fd" (windows { secureBoot = true; }).spec.tools.ovmfVars) true ];
  "where the file is, is not the machine's to say" = [ (secure.spec.machine ? firmwareVariables) false ];
  "a layer has the machine of its image" = [ layered.spec.machine secure.spec.machine ];
  "and its firmware" = [ layered.spec.tools.ovmfCode secure.spec.tools.ovmfCode ];
  "and a run has" = [ [ run.spec.machine.secureBoot (plain run.spec.tools.ovmfVars) ] [ true (plain product.referenceGuest.firmwareVariables) ] ];
  "a run may go without" = [ (ends "OVMF_CODE[.]fd" (layered.run { name = "run"; script = ""; machine.secureBoot = false; }).spec.tools.ovmfCode) true ];
  "whoever has keys gives them" =
    [ (plain (windows { secureBoot = true; firmwareVariables = own; }).spec.tools.ovmfVars) (plain own) ];
  "variables without Secure Boot are for the usual firmware" =
    [ (let tools = (windows { firmwareVariables = own; }).spec.tools; in [ (ends "OVMF_CODE[.]fd" tools.ovmfCode) (plain tools.ovmfVars) ]) [ true (plain own) ] ];
  "BIOS has neither" =
    [ (map (given: refuses (make (given // { firmware = "bios"; }))) [ { } { secureBoot = true; } { firmwareVariables = own; } ]) [ false true true ] ];
}
