/** Anaconda for the image's account, in its profile. */
{ check, layering, sources, ... }:

layering.overridable "anaconda3"
  {
    # Anaconda's or Miniconda's installer.
    source = { type = check.file; default = sources.anaconda3; };
  }
  ({ source }: {
    name = "Anaconda3";
    strict = true;
    # The installer's own page, "Installing in silent mode": /D comes last and
    # takes no quotation marks. A silent failure of it is seen by what is missing.
    script = layering.installer {
      inherit source;
      file = "Anaconda3.exe";
      command = ''start /wait "" .\Anaconda3.exe /InstallationType=JustMe /S /D=%UserProfile%\Anaconda3'';
    } + ''
      win-exec 'dir /b "%UserProfile%\Anaconda3\python.exe"'
    '';
  })
