/** MSYS2 in `C:\msys64`. */
{ check, layering, sources, ... }:

layering.overridable "msys2"
  {
    # The installer `msys2-x86_64-DATE.exe`.
    source = { type = check.file; default = sources.msys2; };
  }
  ({ source }: {
    name = "MSYS2";
    strict = true;
    # As the README of msys2/msys2-installer has it. The installer of 2020 had to
    # be driven by a script and never ended; this one knows a command line.
    script = layering.installer {
      inherit source;
      file = "msys2.exe";
      command = ''start /wait "" .\msys2.exe in --confirm-command --accept-messages --root C:/msys64'';
    } + ''
      win-exec 'dir /b C:\msys64\usr\bin\bash.exe'
    '';
  })
