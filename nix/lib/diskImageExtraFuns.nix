{ product, ... }:

/** Images of releases with more layers.

   # Type

   diskImageExtraFuns :: { NAME :: [layer] -> Derivation }

   `diskImageExtraFuns.NAME layers` is `diskImageFuns.NAME { extraPackages = layers; }`. */
builtins.mapAttrs (_: image: extraPackages: image { inherit extraPackages; }) product.diskImageFuns
