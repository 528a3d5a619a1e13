/** Visual Studio Community 2019 from an offline layout. */
{ check, layering, pkgs, product, sources, ... }:

let
  inherit (builtins) concatStringsSep map;
  layoutFolder = ''C:\vslayout'';
in
layering.overridable "msvc"
  {
    # `vs_Community.exe` of one release.
    bootstrapper = { type = check.file; default = sources.visualStudio2019; };
    # What is installed, by Microsoft's identifiers of workloads and components.
    workloads = { type = check.listOf layering.word; default = [ "Microsoft.VisualStudio.Workload.NativeDesktop" ]; };
    # A folder that `vs_Community.exe --layout` made. Null: it is downloaded in
    # an image with the network open, as a derivation of the output hash below.
    layout = { type = check.nullOr check.file; default = null; };
    # Of the layout. Nobody can know it beforehand: Microsoft's servers add to a layout
    # what is current. This one is none; the first build of the layout tells the true one.
    layoutHash = { type = check.string; default = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; };
    # Where the bootstrapper runs for the download; null: in `makeWindowsImage { }`.
    downloadImage = { type = check.nullOr check.file; default = null; };
  }
  ({ bootstrapper, workloads, layout, layoutHash, downloadImage }:
    let
      image = if downloadImage == null then product.makeWindowsImage { } else downloadImage;
      # Exactly these switches: "Create an offline installation of Visual Studio".
      chosen = concatStringsSep " " (map (workload: "--add ${layering.windowsWord workload}") workloads) + " --includeRecommended";

      download = product.wfvm-run {
        name = "download-vs";
        inherit image;
        isolateNetwork = false;
        # Microsoft's certificates are not valid at a time long ago.
        fakeRtc = false;
        script = ''
          win-put ${bootstrapper} . --as vs_Community.exe
          win-exec 'start /wait "" .\vs_Community.exe --quiet --wait --norestart --layout ${layoutFolder} ${chosen} --lang en-US'
          win-get C:/vslayout
        '';
      };

      downloaded = pkgs.runCommand "RESTRICTDIST-vs"
        {
          outputHashMode = "recursive";
          outputHashAlgo = "sha256";
          outputHash = layoutHash;
          nativeBuildInputs = [ download ];
          requiredSystemFeatures = if (image.machine.accelerator or "kvm") == "kvm" then [ "kvm" ] else [ ];
        } ''
        mkdir $out
        cd $out
        wfvm-run-download-vs
        echo "If Nix now reports a mismatch: layers.msvc.override { layoutHash = \"what it got\"; } uses this download."
      '';

      chosenLayout = if layout == null then "${downloaded}/vslayout" else "${layout}";
      certificate = name: ''
        win-exec 'certutil.exe -addstore -f "Root" "${layoutFolder}\certificates\${name}.cer"'
      '';
    in
    {
      name = "MSVC";
      strict = true;
      # The folder, and the program that makes it.
      layout = downloaded;
      inherit download;
      # "Install certificates required for Visual Studio offline installation",
      # and "Use command-line parameters": --wait keeps the bootstrapper until its
      # installer has ended, --noWeb keeps it from the network.
      script = ''
        win-put ${layering.shellWord chosenLayout} C:/ --as vslayout
        ${concatStringsSep "" (map certificate [ "manifestRootCertificate" "manifestCounterSignRootCertificate" "vs_installer_opc.RootCertificate" ])}win-exec 'start /wait "" ${layoutFolder}\vs_Community.exe --quiet --wait --norestart --noWeb ${chosen}'
        win-exec 'rmdir /s /q ${layoutFolder}'
      '';
    })
