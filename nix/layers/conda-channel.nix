/** A conda channel of packages that were fetched beforehand, in `C:\conda-channel`,
   and what is to be installed from it. */
{ check, layering, pkgs, ... }:

let
  inherit (builtins) concatStringsSep map;
  folder = ''C:\conda-channel'';
in
check.function "layers.conda-channel"
  {
    # `.conda` and `.tar.bz2` files, or folders of them; dependencies too.
    packages = { type = check.listOf check.file; };
    # What `conda install` calls a package, as `"numpy=2.1"`.
    install = { type = check.listOf layering.word; default = [ ]; };
    # The environment to make; null is the one that is there, base.
    environment = { type = check.nullOr layering.word; default = null; };
    # Where the layer anaconda3, or another installer of conda, put it.
    conda = { type = layering.commandWord; default = ''%UserProfile%\Anaconda3''; };
    # Of the layer.
    name = { type = check.string; default = "conda-channel"; };
  }
  ({ packages, install, environment, conda, name }:
    let
      channel = pkgs.runCommand "conda-channel"
        { packages = map (file: "${file}") packages; nativeBuildInputs = [ pkgs._7zz pkgs.zstd pkgs.bzip2 ]; }
        "source ${./conda-channel.sh}";
      program = ''"${conda}\Scripts\conda.exe"'';
      verb = if environment == null then "install" else "create --name ${layering.windowsWord environment}";
    in
    {
      inherit name channel;
      strict = true;
      # "Creating custom channels" and "conda install": a channel may be a folder,
      # and --offline asks nobody else.
      script = ''
        win-put ${channel} C:/ --as conda-channel
        win-exec ${layering.shellWord "${program} config --add channels file:///C:/conda-channel"}
      '' + (if install == [ ] then "" else ''
        win-exec ${layering.shellWord "${program} ${verb} --yes --offline --override-channels --channel file:///C:/conda-channel ${layering.windowsWords install}"}
      '');
    })
