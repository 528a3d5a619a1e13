# The reference pages list the arguments of our functions, all of them and no others.
{ facts, layer, machineArguments, product, ... }:

let
  inherit (builtins) attrNames elem filter head intersectAttrs isList isString map match readFile split;

  # The first column of the tables: `NAME` alone, after `before`.
  rows = before: page: map head (filter isList (map
    (line: if isString line then match "\\| `${before}([A-Za-z]+)` \\|.*" line else null)
    (split "\n" (readFile page))));
  documented = rows "";
  missing = page: function: filter (name: !(elem name (documented page))) (attrNames function.__functionArgs);
  invented = page: function: filter (name: !(elem name (attrNames function.__functionArgs))) (documented page);

  makeWindowsImage = ../../docs/reference/make-windows-image.md;
  wfvm-run = ../../docs/reference/wfvm-run.md;
  revive = ../../docs/reference/revive.md;
  run-on-clones = ../../docs/reference/run-on-clones.md;
  # Those of the machine stand on the page of makeWindowsImage.
  ownOf = function: { __functionArgs = removeAttrs function.__functionArgs (attrNames machineArguments); };

  # { NAME = default; } of a page, where the default is written as code: here by the
  # column it is in, of rows that have words in the next one.
  defaults = pattern: text: builtins.listToAttrs (map (row: { name = head row; value = builtins.elemAt row 1; })
    (filter (row: row != null) (map (match pattern) (filter isString (split "\n" text)))));
  written = page: defaults "\\| `([A-Za-z]+)` \\| (`[^|`]*`) \\| .*[^`] \\|" (readFile page);
  # Of the section of a function, up to the next one.
  made = function: defaults "\\| `([A-Za-z]+)` \\| .* \\| (`[^|]*`) \\|"
    (head (split "\n## " (builtins.elemAt (split "\n## `${function}`\n" (readFile ../../docs/reference/functions.md)) 2)));
  otherDefaults = page: function: filter (name: (written page).${name} != (made function).${name} or null) (attrNames (written page));
in
facts "reference" {
  "the page of makeWindowsImage lists all its arguments" = [ (missing makeWindowsImage product.makeWindowsImage) [ ] ];
  "and nothing else" = [ (invented makeWindowsImage product.makeWindowsImage) [ ] ];
  "and all that the record of a layer may say" = [ (builtins.sort builtins.lessThan (rows "layers\\[]\\." makeWindowsImage)) layer.names ];
  "its defaults are those of the code" = [ (otherDefaults makeWindowsImage "makeWindowsImage") [ ] ];
  "many of them" = [ (builtins.length (attrNames (written makeWindowsImage)) > 20) true ];
  "the page of wfvm-run lists all its arguments" = [ (missing wfvm-run product.wfvm-run) [ ] ];
  "and nothing that it does not take" = [ (invented wfvm-run product.wfvm-run) [ ] ];
  "and its defaults" = [ (otherDefaults wfvm-run "wfvm-run") [ ] ];
  "the page of reviveWindowsVM lists its own arguments" = [ (missing revive (ownOf product.reviveWindowsVM)) [ ] ];
  "and no others" = [ (invented revive (ownOf product.reviveWindowsVM)) [ ] ];
  "with their defaults" = [ (otherDefaults revive "reviveWindowsVM") [ ] ];
  "which takes all of a machine" = [ (attrNames (intersectAttrs machineArguments product.reviveWindowsVM.__functionArgs)) (attrNames machineArguments) ];
  "the page of runOnClones lists all its arguments" = [ (missing run-on-clones product.runOnClones) [ ] ];
  "and none besides" = [ (invented run-on-clones product.runOnClones) [ ] ];
  "and what they are by default" = [ (otherDefaults run-on-clones "runOnClones") [ ] ];
}
