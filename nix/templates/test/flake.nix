{
  description = "Tests of a program, run in Windows";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  # Where your copy of wfvm is.
  inputs.wfvm = { url = "git+file:///path/to/wfvm"; inputs.nixpkgs.follows = "nixpkgs"; };

  outputs = { nixpkgs, wfvm, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      inherit (wfvm.lib.for pkgs) makeWindowsImage layers;

      # A change of the tests boots this image, and installs nothing.
      image = makeWindowsImage { tpm = true; layers = [ layers.vc-redist ]; };

      # Your program, built for Windows.
      program = pkgs.runCommand "tests.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
        x86_64-w64-mingw32-gcc -o $out ${./tests.c}
      '';

      run = image.run {
        name = "tests";
        script = ''
          win-put ${program} . --as tests.exe
          win-exec tests.exe | tee report
        '';
      };
    in
    {
      # `nix run`: at your desk, in your directory.
      packages.${system}.default = run;
      # `nix flake check`: in the sandbox, on a machine with KVM.
      checks.${system}.tests = pkgs.runCommand "tests" { nativeBuildInputs = [ run ]; requiredSystemFeatures = [ "kvm" ]; } ''
        wfvm-run-tests
        mv report $out
      '';
    };
}
