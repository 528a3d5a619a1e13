# The files of the list `wheels` beside this, by the name of their package:
# { version, file }. nix/debian/fetch-wheels puts them into the store.
{ requireFile }:

let
  inherit (builtins) elemAt filter isString listToAttrs map match readFile replaceStrings split;

  rows = filter (row: row != null) (map (match "([a-z-]+)==([0-9.]+) ([a-z0-9_.]+) ([0-9a-f]{64})")
    (filter isString (split "\n" (readFile ./wheels))));
in
listToAttrs (map
  (row: {
    name = elemAt row 0;
    value = {
      version = elemAt row 1;
      file = requireFile {
        name = "${replaceStrings [ "-" ] [ "_" ] (elemAt row 0)}-${elemAt row 1}-py3-none-${elemAt row 2}.whl";
        sha256 = elemAt row 3;
        message = "nix/debian/fetch-wheels gets it from the package index that the pip of this machine uses.";
      };
    };
  })
  rows)
