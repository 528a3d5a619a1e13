/** Rust's compiler and cargo, for all users and on PATH. */
{ check, layering, product, sources, ... }:

layering.overridable "rust"
  {
    # `gnu` brings a linker; `msvc` uses that of the layer `msvc`.
    toolchain = { type = check.oneOf [ "gnu" "msvc" ]; default = "gnu"; };
    # `rust-VERSION-x86_64-pc-windows-TOOLCHAIN.msi`; null: the one that is pinned.
    source = { type = check.nullOr check.file; default = null; };
  }
  ({ toolchain, source }: product.layers.msi {
    name = "rust-${toolchain}";
    source = if source != null then source else if toolchain == "gnu" then sources.rustGnu else sources.rustMsvc;
    # src/etc/installer/msi/rust.wxs: a package for one user or for all.
    properties.ALLUSERS = "1";
  })
