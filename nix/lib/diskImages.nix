{ product, ... }:

/** Images of releases as they are by default.

   # Type

   diskImages :: { NAME :: Derivation }

   `diskImages.NAME` is `diskImageFuns.NAME { }`; `diskImages.referenceguestx86_64` is the
   one that builds anywhere, without a medium of yours. */
builtins.mapAttrs (_: image: image { }) product.diskImageFuns
