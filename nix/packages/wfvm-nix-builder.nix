# One of the programs of ./builders.nix, built by nixpkgs' Rust. nix/packages/cargo-to-store
# is the way for machines where Nix cannot fetch crates.
{ pkgs, name ? "wfvm-nix-builder" }:

let
  builder = (import ./builders.nix).${name};
in
# Static, because the sandbox of a build holds nothing of the host's.
pkgs.pkgsStatic.rustPlatform.buildRustPackage {
  pname = name;
  version = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).workspace.package.version;
  src = (import ./builder-source.nix { repository = ../..; inherit builder; }).path;
  cargoLock.lockFile = ../../Cargo.lock;
  # The other members of the workspace are no part of the source.
  postPatch = ''
    sed -i 's|^members = .*|members = [ "crates/wfvm", "crates/wfvm-nix-builder" ]|; /^default-members/d' Cargo.toml
  '';
  cargoBuildFlags = [ "--package=wfvm-nix-builder" ];
  buildNoDefaultFeatures = true;
  buildFeatures = builder.features;
  # scripts/test runs the tests; they want QEMU and the reference guest.
  doCheck = false;
  postInstall = builtins.concatStringsSep "\n" (map (command: "ln -s wfvm-nix-builder $out/bin/${command}") builder.commands);
  meta.mainProgram = "wfvm-nix-builder";
}
