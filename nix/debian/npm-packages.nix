# The files of the list `npm-packages` beside this, by the name of their package:
# { version, file }. nix/debian/fetch-npm-packages puts them into the store.
{ requireFile }:

let
  inherit (builtins) elemAt filter isString listToAttrs map match readFile split;

  rows = filter (row: row != null) (map (match "([@a-z0-9/-]+)@([0-9.]+) ([a-z0-9._-]+) ([0-9a-f]{64})")
    (filter isString (split "\n" (readFile ./npm-packages))));
in
listToAttrs (map
  (row: {
    name = elemAt row 0;
    value = {
      version = elemAt row 1;
      file = requireFile {
        name = elemAt row 2;
        sha256 = elemAt row 3;
        message = "nix/debian/fetch-npm-packages gets it from the registry that the npm of this machine uses.";
      };
    };
  })
  rows)
