# Expressions as users of WFVM have them, of every kind that is known, mean here
# what they mean there: against a package set that has the documented attributes
# and no others, and against this one.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) attrNames concatMap filter listToAttrs map match readDir;

  src = ../..;
  expressions = filter (name: match ".*\\.nix" name != null) (attrNames (readDir ../../tests/wfvm-expressions));
  mock = (import ../../tests/mock-nixpkgs.nix { }).pkgs;

  sets = {
    "the documented attributes" = { pkgs = mock; wfvm = import ../../wfvm { pkgs = mock; }; };
    "this package set" = { inherit pkgs; wfvm = import ../../wfvm { inherit pkgs; wfvm = product; }; };
  };
in
facts "wfvm-conformance" (listToAttrs (concatMap
  (set: concatMap
    (name:
      let inherit (import (../../tests/wfvm-expressions + "/${name}") (sets.${set} // { inherit src; })) facts;
      in map (sentence: { name = "${name}, with ${set}: ${sentence}"; value = facts.${sentence}; }) (attrNames facts))
    expressions)
  (attrNames sets)))
