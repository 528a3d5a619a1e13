{
  description = "Windows programs tested without Windows, its licence, or KVM";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  # Where your copy of wfvm is.
  inputs.wfvm = { url = "git+file:///path/to/wfvm"; inputs.nixpkgs.follows = "nixpkgs"; };

  outputs = { nixpkgs, wfvm, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      inherit (wfvm.lib.for pkgs) makeWindowsImage hydraReport hydraAggregate;

      # A small Linux with Wine, installed as Windows is. Without these two lines it is
      # Windows 11, on machines with KVM.
      image = makeWindowsImage {
        guestOs = "reference-guest";
        accelerator = "tcg";
        layers = [
          { name = "folder"; script = "win-exec 'mkdir C:\\tests'"; }
          { name = "data"; script = "win-put ${./words.txt} 'C:\\tests' --as words.txt"; }
        ];
      };

      program = pkgs.runCommand "tests.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
        x86_64-w64-mingw32-gcc -o $out ${./tests.c}
      '';

      run = image.run {
        name = "tests";
        script = ''
          win-put ${program} . --as tests.exe
          win-exec 'tests.exe C:\tests\words.txt' | tee report
        '';
      };
      tests = hydraReport { name = "tests"; inherit run; };
    in
    {
      packages.${system}.default = image;
      checks.${system} = { inherit tests; };
      hydraJobs = {
        inherit image tests;
        release = hydraAggregate { name = "release"; constituents = [ tests ]; };
      };
    };
}
