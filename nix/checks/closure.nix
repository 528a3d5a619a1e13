# The image is in the build closure of a result that was made with it. Read from
# the derivations alone, so nothing is installed for this.
{ facts, pkgs, product, ... }:

let
  inherit (builtins) appendContext concatMap elem genericClosure head isList map readFile split unsafeDiscardStringContext;

  plain = package: unsafeDiscardStringContext package.drvPath;
  references = path: map head (builtins.filter isList
    (split "\"(/nix/store/[^\"]*\\.drv)\"" (readFile (appendContext path { ${path}.path = true; }))));
  buildClosure = package: map (item: item.key) (genericClosure {
    startSet = [ { key = plain package; } ];
    operator = item: map (key: { inherit key; }) (references item.key);
  });

  result = import ../../examples/hello.nix { inherit pkgs; wfvm = product; };
in
# Forces the derivations to be written before they are read.
builtins.seq result.drvPath (facts "closure" {
  "the image is in the build closure of the demo's result" = [ (elem (plain product.demoImage) (buildClosure result)) true ];
  "the installation medium is in the build closure of the image" = [ (elem (plain product.referenceGuest) (buildClosure product.demoImage)) true ];
  "the result is not in the closure of the image" = [ (elem (plain result) (buildClosure product.demoImage)) false ];
})
