/** A program whose installer was made by Inno Setup. */
{ check, layering, ... }:

check.function "layers.inno-setup"
  {
    # The installer.
    source = { type = check.file; };
    # Of the layer; null: the installer's.
    name = { type = check.nullOr check.string; default = null; };
    # Further switches, as `[ "/DIR=C:\\there" "/TASKS=desktopicon" ]`.
    arguments = { type = check.listOf layering.word; default = [ ]; };
  }
  ({ source, name, arguments }:
    let file = layering.fileName source; in {
      name = if name == null then file else name;
      strict = true;
      # "Setup Command Line Parameters" of Inno Setup: with /RESTARTEXITCODE a
      # needed restart has a code of its own, 3010 as of Windows Installer.
      script = layering.installer {
        inherit source file;
        log = "${file}.log";
        command = ''start /wait "" ".\${file}" /SP- /VERYSILENT /SUPPRESSMSGBOXES /NORESTART /RESTARTEXITCODE=3010 "/LOG=${file}.log"''
          + builtins.concatStringsSep "" (map (word: " ${layering.windowsWord word}") arguments);
      } + ''
        win-exec 'del "${file}.log"'
      '';
    })
