# The reference pages list the arguments of our functions, all of them and no others.
{ facts, layer, product, ... }:

let
  inherit (builtins) attrNames elem filter head isList isString map match readFile split;

  # The first column of the tables: `NAME` alone, after `before`.
  rows = before: page: map head (filter isList (map
    (line: if isString line then match "\\| `${before}([A-Za-z]+)` \\|.*" line else null)
    (split "\n" (readFile page))));
  documented = rows "";
  missing = page: function: filter (name: !(elem name (documented page))) (attrNames function.__functionArgs);
  invented = page: function: filter (name: !(elem name (attrNames function.__functionArgs))) (documented page);

  makeWindowsImage = ../../docs/reference/make-windows-image.md;
  wfvm-run = ../../docs/reference/wfvm-run.md;
in
facts "reference" {
  "the page of makeWindowsImage lists all its arguments" = [ (missing makeWindowsImage product.makeWindowsImage) [ ] ];
  "and nothing else" = [ (invented makeWindowsImage product.makeWindowsImage) [ ] ];
  "and all that the record of a layer may say" = [ (builtins.sort builtins.lessThan (rows "layers\\[]\\." makeWindowsImage)) layer.names ];
  "the page of wfvm-run lists all its arguments" = [ (missing wfvm-run product.wfvm-run) [ ] ];
  "and nothing that it does not take" = [ (invented wfvm-run product.wfvm-run) [ ] ];
}
