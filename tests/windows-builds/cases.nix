# Derivations that are built in the reference guest. `good` build; of `bad` each fails
# with the exit status and the words beside it.
{ pkgs, wfvm, ... }:

let
  image = wfvm.demoImage;
  inWindows = wfvm.runInWindowsImage image;
  cmd = name: attributes: text: inWindows (pkgs.runCommand name attributes text);
  verbatim = attributes: inWindows (derivation ({ system = "x86_64-windows"; } // attributes));

  text = builtins.toFile "text" "of the store\n";
  echo = verbatim { name = "verbatim"; builder = "cmd.exe"; args = [ "/c" "echo hi> %out%" ]; };
in
{
  good = {
    inherit echo;

    # Variables, files and streams as the command finds them.
    variables = cmd "variables"
      {
        quotes = ''a "b & c" d & %PATH% ^ | <e>'';
        umlaut = "Grüße";
        list = [ "one" "two" ];
        yes = true;
        none = null;
        inherit text;
        lines = "first\nsecond";
        passAsFile = [ "long" ];
        long = "a file\n";
      } ''
      mkdir %out%
      copy X:\env.json %out% >nul
      set> %out%\set
      type "%longPath%" >> %out%\set
      type "%text%" >> %out%\set
      type ${text} >> %out%\set
      cd >> %out%\set
      echo to stdout
      echo to stderr 1>&2
    '';

    untranslated = cmd "untranslated" { translatePaths = false; inherit text; } ''
      echo %text%> %out%
    '';

    structured = cmd "structured" { __structuredAttrs = true; outputs = [ "out" "doc" ]; list = [ "a" "b" ]; number = 7; inherit text; } ''
      >%out% echo number %number%
      type "%NIX_ATTRS_JSON_FILE%" > %doc%
    '';

    powershell = cmd "powershell" { windowsShell = "powershell"; } ''
      Write-Output "from PowerShell"
      New-Item -ItemType Directory -Path $env:out
    '';

    # A script of the store is a builder as well.
    batch = verbatim {
      name = "batch";
      builder = pkgs.writeText "builder.cmd" "@echo %1 %name%> %out%\r\n";
      args = [ "argument" ];
    };

    # What must come out is known before.
    fixed = verbatim {
      name = "fixed";
      builder = "cmd.exe";
      args = [ "/c" "echo hi> %out%" ];
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = builtins.hashString "sha256" "hi\r\n";
    };

    # Exit codes that mean success, and a tree that comes as a stream: it is not on the exchange drive.
    installer = cmd "installer" { successExitCodes = [ 0 3010 ]; outputPlace = "system"; outputs = [ "out" "log" ]; } ''
      mkdir %out%\bin
      echo program> %out%\bin\tool.cmd
      echo data> %out%\data.txt
      echo log> X:\out\log
      exit 3010
    '';

    shutdown = cmd "shutdown" { expectShutdown = true; } ''
      echo before> %out%
      shutdown /s /t 0 /f
      timeout /t 60
    '';

    executables = cmd "executables" { executables = [ "bin/*" ]; } ''
      mkdir %out%\bin
      echo x> %out%\bin\program
      echo x> %out%\no.cmd
    '';

    hooks = cmd "hooks"
      {
        preVM = ''QEMU_OPTS="-name 'two words'"; echo "before $name"'';
        postVM = ''echo "after $name: $(cat "$out")"'';
        enableParallelBuilding = true;
        memSize = "2048";
        driveLetters = { store = "T"; exchange = "Y"; };
        inherit text;
      } ''
      type T:\${baseNameOf "${text}"} > Y:\out\out
    '';

    # A result of one is an input of another, by its own name and whatever it is called.
    uses = verbatim { name = "uses"; builder = "cmd.exe"; args = [ "/c" "type ${echo}> %out%" ]; };

    overridden = (verbatim { name = "a"; builder = "cmd.exe"; args = [ "/c" "echo %word%> %out%" ]; word = "old"; }).overrideAttrs
      (old: { name = "overridden"; word = "new ${old.word}"; });
  };

  bad = {
    elf = {
      drv = verbatim { name = "elf"; builder = "${pkgs.bash}/bin/bash"; };
      status = 2;
      words = [ "is an ELF file, which Windows does not run" "hint: `builder` names a program of the guest" ];
    };
    case = {
      drv = verbatim { name = "case"; builder = "cmd.exe"; flag = "a"; FLAG = "b"; };
      status = 2;
      words = [ "the attributes `FLAG` and `flag` differ in case alone" ];
    };
    reserved = {
      drv = verbatim { name = "reserved"; builder = "cmd.exe"; ComSpec = "x"; };
      status = 2;
      words = [ "`ComSpec` would replace a variable that Windows needs" ];
    };
    code = {
      drv = cmd "code" { } ''
        echo the last words
        exit -1073741819
      '';
      status = 4;
      words = [
        "the builder ended with exit code 0xC0000005 (access violation)"
        "| the last words"
        "phase     script of code"
        "evidence"
      ];
    };
    # 256 is 0 to a POSIX program.
    wide = {
      drv = cmd "wide" { } "exit 256";
      status = 4;
      words = [ "the builder ended with exit code 256 (0x100)" ];
    };
    missing = {
      drv = cmd "missing" { outputs = [ "out" "doc" ]; } ''
        echo x> %out%
        echo x> X:\out\docs
      '';
      status = 4;
      words = [ "`doc`" "docs" ];
    };
    gone = {
      drv = cmd "gone" { } ''
        shutdown /s /t 0 /f
        timeout /t 60
      '';
      status = 4;
      words = [ "the guest shut down before the builder had ended" "hint: `expectShutdown = true`" ];
    };
    restart = {
      drv = cmd "restart" { } ''
        shutdown /r /t 0 /f
        timeout /t 60
      '';
      status = 4;
      words = [ "the guest restarted before the answer" ];
    };
    wrong = {
      drv = verbatim {
        name = "wrong";
        builder = "cmd.exe";
        args = [ "/c" "echo hi> %out%" ];
        outputHashMode = "flat";
        outputHashAlgo = "sha256";
        outputHash = builtins.hashString "sha256" "another";
      };
      # Of Nix itself: the builder has succeeded.
      status = null;
      words = [ "exit code 0" ];
    };
    slow = {
      drv = cmd "slow" { timeoutSeconds = 3; } "timeout /t 600";
      status = 5;
      words = [ "the end of the builder did not happen: 3 s were over (`timeouts.commandSeconds`)" "picture" ];
    };
    unreachable = {
      drv = cmd "unreachable" { bootTimeoutSeconds = 2; } "echo x> %out%";
      status = 5;
      words = [ "the logon did not happen: 2 s were over (`timeouts.bootSeconds`)" "phase     boot" ];
    };
    full = {
      drv = cmd "full" { exchangeMib = 64; } ''
        mkdir %out%
        for /l %%i in (1,1,20) do copy ${pkgs.runCommand "4m" { } "head -c 4M /dev/zero > $out"} %out%\%%i >nul || exit 7
      '';
      status = 4;
      words = [ "exit code 7; X: is full" ];
    };
    refused = {
      drv = cmd "refused" { preVM = "exit 3"; } "echo x> %out%";
      status = 2;
      words = [ "`preVM` failed" ];
    };
  };

  # Evaluation fails, with these words.
  ugly = {
    image = { value = wfvm.runInWindowsVM (derivation { name = "x"; system = "x"; builder = "cmd.exe"; }); words = "names no image"; };
    shell = { value = cmd "x" { windowsShell = "bsh"; } ""; words = "`windowsShell` is \"bsh\". Did you mean \"bash\"?"; };
    phases = {
      value = inWindows (derivation { name = "x"; system = "x"; builder = "bash"; stdenv = "x"; args = [ "-e" "x" ]; });
      words = "has phases, which are bash's";
    };
    letters = { value = cmd "x" { driveLetters.stor = "S"; } ""; words = "there is no `driveLetters.stor`. Did you mean `store`?"; };
    memory = { value = cmd "x" { memSize = "2G"; } ""; words = "`memSize` is \"2G\""; };
  };
}
