_:

let
  inherit (builtins) all any concatMap concatStringsSep filter map;

  # By the old rule a step that fails stops nothing, while a file that did not
  # get through, or the last status, fails the layer. Where another part makes
  # the whole strict, nobody else would keep that rule.
  tolerant = part: ''
    set +eu +o pipefail
    win-put() { command win-put "$@" || { local status=$?; touch file-did-not-get-through; return $status; }; }
    win-get() { command win-get "$@" || { local status=$?; touch file-did-not-get-through; return $status; }; }
    ${part.script}
    status=$?
    unset -f win-put win-get
    [ $status = 0 ] || exit $status
    [ ! -e file-did-not-get-through ] || exit 1
    set -euo pipefail
  '';

  # Together with a part that asked for it, others would be opened unasked.
  closed = part:
    if part ? network || part.impure or false
    then throw "wfvm.layers.collapseLayers: the layer `${part.name}` opens the network: leave it a layer of its own, so that it is closed for the others."
    else part;
in
/** Several layers as one: one boot, one derivation. Each part fails by its own rule.

   # Type

   collapseLayers :: [ { name, script, buildInputs ?, strict ?, … } ] -> record */
{
  # What a part is that does not say; a caller with another default sets it.
  strictByDefault = true;

  __functor = self: parts:
    let
      isStrict = part: part.strict or self.strictByDefault;
      mixed = any isStrict parts && !(all isStrict parts);
      script = part: if mixed && !(isStrict part) then tolerant part else part.script;
      collapsed = map closed parts;
    in
    {
      name = concatStringsSep "-" (map (part: part.name) collapsed);
      script = concatStringsSep "\n" (map script collapsed);
      buildInputs = concatMap (part: part.buildInputs or [ ]) collapsed;
    } // (
      # Where none says it, the result does not say it either.
      if filter (part: part ? strict) parts == [ ] then { } else { strict = any isStrict parts; }
    );
}
