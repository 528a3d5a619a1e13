# A derivation that can be overridden as nixpkgs' can, without nixpkgs.
#
# Type  (attributes -> arguments of builtins.derivation) -> (final -> attributes) -> derivation
#
# `passthru` and `meta` are on the result only. `.overrideAttrs` takes a set, a
# function `old:`, or a function `final: previous:`, in which `final` is the
# attributes as all overrides have left them.
let
  inherit (builtins) isFunction listToAttrs removeAttrs;

  # Each output says that it alone is meant, as nixpkgs' do: else Nix builds and shows all of them.
  outputs = made: listToAttrs (map (name: { inherit name; value = made.${name} // { outputSpecified = true; }; }) (made.outputs or [ "out" ]));

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

      made = derivation (primitive (removeAttrs attributes [ "passthru" "meta" "finalPackage" ]));
      package = made // outputs made // passthru // {
        inherit passthru;
        meta = attributes.meta or { };
        overrideAttrs = change: make primitive (changed change);
      };
    in
    package;
in
make
