/** The Visual C++ runtime, 2015 and all later ones, of 64 or 32 bits. */
{ check, layering, sources, ... }:

layering.overridable "vc-redist"
  {
    # Of the programs that need it.
    architecture = { type = check.oneOf [ "x64" "x86" ]; default = "x64"; };
    # `VC_redist.x64.exe` or `VC_redist.x86.exe`; null: the one that is pinned.
    source = { type = check.nullOr check.file; default = null; };
  }
  ({ architecture, source }: {
    name = "vc-redist-${architecture}";
    strict = true;
    # "Command-line options for the Redistributable packages". 1638: a newer one
    # is there already, and serves the same programs.
    script = layering.installer {
      source = if source != null then source else if architecture == "x64" then sources.vcRedistX64 else sources.vcRedistX86;
      file = "VC_redist.${architecture}.exe";
      log = "VC_redist.log";
      alsoSuccess = [ 1638 ];
      command = ''start /wait "" .\VC_redist.${architecture}.exe /install /quiet /norestart /log VC_redist.log'';
    } + ''
      win-exec 'del VC_redist*.log'
    '';
  })
