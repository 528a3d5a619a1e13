# Every example is a function of { pkgs, wfvm }, short, and evaluates.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) attrNames filter functionArgs isString length listToAttrs map match readDir readFile split;

  examples = filter (name: match ".*\\.nix" name != null) (attrNames (readDir ../../examples));
  lines = file: length (filter isString (split "\n" (readFile file))) - 1;
  fact = name: sentence: pair: { name = "examples/${name} ${sentence}"; value = pair; };
in
facts "examples" (listToAttrs (builtins.concatMap
  (name:
    let file = ../../examples + "/${name}"; example = import file;
    in [
      (fact name "is a function of { pkgs, wfvm }" [ (functionArgs example) { pkgs = false; wfvm = false; } ])
      (fact name "evaluates to a derivation" [ (isString (example { inherit pkgs; wfvm = product; }).drvPath) true ])
      (fact name "has 5 to 30 lines" [ (lines file >= 5 && lines file <= 30) true ])
    ])
  examples))
