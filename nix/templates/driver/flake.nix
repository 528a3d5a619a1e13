{
  description = "A driver for Windows: built in one image, loaded in another";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  # Where your copy of wfvm is.
  inputs.wfvm = { url = "git+file:///path/to/wfvm"; inputs.nixpkgs.follows = "nixpkgs"; };

  outputs = { nixpkgs, wfvm, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      inherit (wfvm.lib.for pkgs) makeWindowsImage layers;

      # Visual Studio with C++. Its first build tells the hash of what it downloaded, for
      # `layers.msvc.override { layoutHash = "…"; }`.
      compilers = makeWindowsImage { diskMib = 96 * 1024; layers = [ layers.msvc ]; };

      build = compilers.run {
        name = "build";
        script = ''
          win-put ${./driver} . --as driver
          win-exec 'driver\build.cmd'
          win-get driver/out
        '';
      };

      # build.cmd leaves driver.inf, driver.cat and driver.sys in `out`.
      driver = pkgs.runCommand "driver" { nativeBuildInputs = [ build ]; requiredSystemFeatures = [ "kvm" ]; } ''
        wfvm-run-build
        mv out $out
      '';

      tested = makeWindowsImage {
        layers = [ layers.test-signing (layers.driver { source = driver; inf = "driver.inf"; }) ];
      };
    in
    {
      packages.${system} = { default = driver; image = tested; inherit (tested) debug; };
      checks.${system}.loaded = pkgs.runCommand "loaded"
        {
          nativeBuildInputs = [ (tested.run { name = "loaded"; script = "win-exec 'pnputil /enum-drivers' > drivers"; }) ];
          requiredSystemFeatures = [ "kvm" ];
        } ''
        wfvm-run-loaded
        grep -i driver.inf drivers > $out
      '';
    };
}
