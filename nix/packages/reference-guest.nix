# The init of the reference guest, built by nixpkgs' Rust.
{ pkgs }:

pkgs.pkgsStatic.rustPlatform.buildRustPackage {
  pname = "reference-guest";
  version = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).workspace.package.version;
  src = (import ./source.nix { repository = ../..; crates = "reference-guest"; }).path;
  cargoLock.lockFile = ../../Cargo.lock;
  # The other members of the workspace are no part of the source.
  postPatch = ''
    sed -i 's|^members = .*|members = [ "crates/reference-guest" ]|; /^default-members/d' Cargo.toml
  '';
  # scripts/test runs the tests.
  doCheck = false;
}
