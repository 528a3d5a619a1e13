# nix/nixpkgs-attributes.md is true: a nixpkgs with these attributes and no others
# has every output of the flake and every example, in the shape of each release; and
# each of them is needed, since without it something does not evaluate.
{ facts, ... }:

let
  inherit (builtins) all attrValues filter isString listToAttrs map tryEval;

  nixpkgs = arguments: (import ../../tests/mock-nixpkgs.nix arguments).pkgs;
  inherit (import ../../tests/mock-nixpkgs.nix { }) documented releases;
  recent = filter (release: release != "2020-06") releases;

  evaluates = derivation: isString derivation.drvPath;
  everything = pkgs: all (part: all evaluates (attrValues part)) (import ../../tests/every-output.nix { inherit pkgs; }).parts;
  # What the mock lacks it throws by its name, and nothing else here throws: what does
  # not evaluate without an attribute fails by that name.
  refuses = value: !(tryEval value).success;

  sentences = map
    (release: {
      name = "a nixpkgs of ${release} has every output";
      # Not caught, so that Nix says what is missing and where.
      value = [ (everything (nixpkgs { inherit release; })) true ];
    })
    recent
  ++ map
    (name: {
      name = "without `${name}` an evaluation fails";
      value = [ (refuses (everything (nixpkgs { without = [ name ]; }))) true ];
    })
    documented;

  old = nixpkgs { release = "2020-06"; };
  door = arguments: (import ../../wfvm ({ pkgs = old; } // arguments)).makeWindowsImage { windowsImage = "${old.writeText "windows.iso" ""}"; };
in
facts "nixpkgs-attributes" (listToAttrs sentences // {
  "the table was found" = [ (builtins.length documented > 40) true ];
  "what June 2020 lacks was found" = [ (filter (name: !(old ? ${name})) documented) [ "OVMFFull" "swtpm" "_7zz" "python3Packages" "mkShell" ] ];
  "a nixpkgs of June 2020 opens WFVM's door, with our programs from a newer one" =
    [ (evaluates (door { toolsPkgs = nixpkgs { }; })) true ];
  "a nixpkgs of June 2020 cannot build our programs" = [ (refuses (evaluates (door { }))) true ];
})
