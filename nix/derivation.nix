# A derivation that can be overridden as nixpkgs' can, without nixpkgs.
#
# Type  (attributes -> arguments of builtins.derivation) -> (final -> attributes) -> derivation
#
# `passthru` and `meta` are on the result only. `.overrideAttrs` takes a set, a
# function `old:`, or a function `final: previous:`, in which `final` is the
# attributes as all overrides have left them.
let
  inherit (builtins) isFunction removeAttrs;

  make = primitive: attributesOf:
    let
      attributes = attributesOf (attributes // { finalPackage = package; });
      passthru = attributes.passthru or { };

      changed = change: final:
        let
          previous = attributesOf final;
          first = if isFunction change then change previous else change;
        in
        previous // (if isFunction first then change final previous else first);

      package = derivation (primitive (removeAttrs attributes [ "passthru" "meta" "finalPackage" ])) // passthru // {
        inherit passthru;
        meta = attributes.meta or { };
        overrideAttrs = change: make primitive (changed change);
      };
    in
    package;
in
make
