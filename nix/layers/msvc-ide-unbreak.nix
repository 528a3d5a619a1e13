/** The first start of the IDE, without which some of its parts do not work. */
_:
{
  name = "MSVC-ide-unbreak";
  strict = true;
  # "/ResetSettings (devenv.exe)" has this very line for an IDE that ends when it
  # is done, so that nothing has to be guessed about how long it takes.
  script = ''
    win-exec 'cd /d "C:\Program Files (x86)\Microsoft Visual Studio\2019\Community\Common7\IDE" && start /wait "" devenv.exe /NoSplash /ResetSettings General /Command Exit'
  '';
}
