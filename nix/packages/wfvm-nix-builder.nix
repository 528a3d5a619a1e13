# The binary, built by nixpkgs' Rust. nix/packages/cargo-to-store is the way for
# machines where Nix cannot fetch crates.
{ pkgs }:

let
  # Only what the binary is made of, so that a change of docs or tests leaves
  # its store path, and with it every image, as it is.
  repository = ../..;
  wanted = path:
    let relative = builtins.substring (builtins.stringLength (toString repository) + 1) (-1) path;
    in builtins.match "Cargo\\.(toml|lock)|crates|crates/.*|tests|tests/[^/]*|tests/[^/]*/(Cargo.toml|src|src/.*)" relative != null;
in
# Static, because the sandbox of a build holds nothing of the host's.
pkgs.pkgsStatic.rustPlatform.buildRustPackage {
  pname = "wfvm-nix-builder";
  version = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).workspace.package.version;
  src = builtins.path { path = repository; name = "wfvm-source"; filter = path: _: wanted path; };
  cargoLock.lockFile = ../../Cargo.lock;
  cargoBuildFlags = [ "--package=wfvm-nix-builder" ];
  # scripts/test runs the tests; they want QEMU and the reference guest.
  doCheck = false;
  postInstall = ''
    for command in win-exec win-put win-get win-wait win-restart; do ln -s wfvm-nix-builder $out/bin/$command; done
  '';
  meta.mainProgram = "wfvm-nix-builder";
}
