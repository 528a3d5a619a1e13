# The answer file that is compared with WFVM's, element by element, in
# tests/golden/wfvm_contract.rs, is that of WFVM's door with nothing said.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) fromJSON isAttrs mapAttrs readFile removeAttrs;

  case = file: fromJSON (readFile (../../tests/golden/answer-file + "/${file}"));
  # RFC 7386, as tests/golden/case.rs reads a case; no case here removes a field.
  merge = target: patch:
    if isAttrs target && isAttrs patch then target // mapAttrs (name: value: merge (target.${name} or null) value) patch else patch;
  golden = merge (case "base.json") (case "wfvm-defaults/spec.json");

  spec = ((import ../../wfvm { inherit pkgs; wfvm = product; }).makeWindowsImage { }).spec;
  # Where it is in the store is not part of what it says; which release it is, the case says for
  # want of a medium.
  plain = spec: removeAttrs spec [ "guestOs" "installationMedium" "tools" ] // {
    payload = map (file: removeAttrs file [ "source" ]) spec.payload;
  };
in
facts "wfvm-answer-file" {
  "the golden case is what the door evaluates" = [ (plain spec) (plain golden) ];
}
