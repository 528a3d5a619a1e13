# The layers that run somebody's installer, on the reference guest. Where it is
# not a real package, tests/installers has the stand-in for it.
{ pkgs, product, wfvm-nix-builder, ... }:

let
  inherit (product) layers;

  # --- what stands in ---------------------------------------------------------
  sources = ../../tests/installers;
  # A program with windows, as the vendors', which cmd.exe need not wait for.
  standIn = name: pkgs.runCommand "${name}.exe" { nativeBuildInputs = [ pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
    x86_64-w64-mingw32-gcc -Wall -Wextra -Werror -O2 -s -Wl,--no-insert-timestamp -municode -mwindows -I ${sources} ${sources}/${name}.c -o $out
  '';

  # Real ones, which differ in their identity; `digit` is hexadecimal.
  package = digit: pkgs.runCommand "package-${digit}.msi"
    { nativeBuildInputs = [ pkgs.msitools pkgs.pkgsCross.mingwW64.stdenv.cc ]; } ''
    x86_64-w64-mingw32-gcc -O2 -s ${../reference-guest/hello.c} -o program.exe
    sed 's/0d5b7a0/0d5b7${digit}0/; s/wfvm.package/&-${digit}/; s/A package of ours/&, ${digit}/' ${sources}/package.wxs > package.wxs
    wixl -a x64 -o $out package.wxs
  '';

  condaPackages = pkgs.runCommand "conda-packages" { nativeBuildInputs = [ pkgs._7zz pkgs.zstd pkgs.bzip2 ]; } ''
    mkdir -p $out/noarch $out/win-64 info
    describe() { printf '{\n  "build": "0",\n  "depends": [],\n  "name": "%s",\n  "subdir": "%s",\n  "version": "1.0"\n}\n' "$@" > info/index.json; }
    describe greeting noarch
    tar -cjf $out/noarch/greeting-1.0-0.tar.bz2 info/index.json
    describe answer win-64
    tar -cf - info/index.json | zstd -q > info-answer-1.0-0.tar.zst
    echo '{"conda_pkg_format_version": 2}' > metadata.json
    7zz a -tzip -mx0 -bso0 $out/win-64/answer-1.0-0.conda metadata.json info-answer-1.0-0.tar.zst
  '';
  channel = layers.conda-channel { packages = [ condaPackages ]; install = [ "greeting" "answer" ]; environment = "work"; };

  visualStudio = layers.msvc.override {
    bootstrapper = standIn "visual_studio";
    downloadImage = product.demoImage;
    layout = download;
  };
  # The same program as in the derivation whose hash nobody knows.
  download = pkgs.runCommand "layout" { nativeBuildInputs = [ visualStudio.download ]; } ''
    wfvm-run-download-vs
    mv vslayout $out
  '';

  # --- the image --------------------------------------------------------------
  image = product.makeWindowsImage {
    guestOs = "reference-guest";
    accelerator = "tcg";
    layers = [
      (layers.collapseLayers [
        (layers.anaconda3.override { source = standIn "nsis"; })
        channel
        (layers.msys2.override { source = standIn "qt_installer"; })
        (layers.msys2-packages [
          (pkgs.writeText "tree-2.2.1-1-x86_64.pkg.tar.zst" "")
          (pkgs.writeText "zip-3.0-4-x86_64.pkg.tar.zst" "")
        ])
        (layers.inno-setup { source = standIn "inno_setup"; arguments = [ "/DIR=C:\\A folder" "/TASKS=one,two" ]; })
        (layers.vc-redist.override { source = standIn "vc_redist"; })
        # A newer one is there already: exit code 1638.
        (layers.registry { keys."HKLM\\SOFTWARE\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\X86".Minor = 99; })
        (layers.vc-redist.override { architecture = "x86"; source = standIn "vc_redist"; })
        (layers.msi { source = package "a"; properties.GREETING = "hello"; })
        (layers.powershell7.override { source = package "b"; remoting = true; })
        (layers.rust.override { source = package "c"; })
        # Ends with 3010: the guest is restarted before what follows.
        visualStudio
        layers.msvc-ide-unbreak
      ] // { name = "installers"; })
    ];
  };

  run = image.run {
    name = "installers";
    script = ''
      source ${./inspect.sh}
      profile='C:\Users\wfvm'
      programs='C:\Program Files'

      # In the log, so that nobody takes them for the vendors'.
      win-exec 'type C:\stand-ins.log'
      fact "every stand-in ran" "$(win-exec 'type C:\stand-ins.log' | tr -d '\r' | sed -n 's/^stand-in for \(.*\): .*/\1/p' | sort -u | wc -l)" 8
      fact "Anaconda is in the profile" "$(there "$profile\Anaconda3\python.exe")" yes
      fact "a .tar.bz2 package is in the environment" "$(there "$profile\Anaconda3\envs\work\conda-meta\greeting-1.0-0.tar.bz2")" yes
      fact "a .conda package is in the environment" "$(there "$profile\Anaconda3\envs\work\conda-meta\answer-1.0-0.conda")" yes
      fact "the channel is configured" "$(win-exec "type $profile\.condarc" | tr -d '\r' | tail -n 1)" "  - file:///C:/conda-channel"

      fact "MSYS2 is in C:\msys64" "$(there 'C:\msys64\usr\bin\bash.exe')" yes
      fact "its packages are in pacman's database" \
        "$(win-exec 'dir /b C:\msys64\var\lib\pacman\local' | tr -d '\r' | sort | tr '\n' ' ')" "tree-2.2.1-1-x86_64 zip-3.0-4-x86_64 "
      fact "and nowhere else" "$(there 'C:\msyspackages')" no

      key='HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\Stand-in_is1'
      fact "Inno Setup's program is where it was told" "$(value "$key" InstallLocation)" 'C:\A folder'
      fact "with the tasks that it was told" "$(value "$key" 'Inno Setup: Selected Tasks')" one,two

      key='HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes'
      fact "the runtime is installed" "$(value "$key\X64" Installed)" 0x1
      fact "a newer runtime stays" "$(value "$key\X86" Minor)" 0x63

      key='HKLM\SOFTWARE\wfvm\package'
      fact "a package's file is there" "$(there "$programs\A package of ours, a\program.exe")" yes
      fact "a package has its property" "$(value "$key-a" Greeting)" hello
      fact "PowerShell 7 is told not to update itself" "$(value "$key-b" Updates)" 0
      fact "and to listen, if so wished" "$(value "$key-b" Remoting)" 1
      fact "Rust is for all users" "$(value "$key-c" AllUsers)" 1

      ide='C:\Program Files (x86)\Microsoft Visual Studio\2019\Community\Common7\IDE'
      fact "Visual Studio has its workload" "$(line "$ide\workloads")" Microsoft.VisualStudio.Workload.NativeDesktop
      fact "its layout is gone" "$(there 'C:\vslayout')" no
      fact "its settings are the general ones" \
        "$(line "$profile\AppData\Local\Microsoft\VisualStudio\16.0\Settings\CurrentSettings.vssettings")" General

      fact "no installer and no log is left in the home" "$(win-exec "dir /b /a-d $profile" | tr -d '\r' | grep -ciE '\.(exe|msi|log|reg)$' || true)" 0
      conclude
    '';
  };

  # The stand-in fails when it is asked to.
  failing = (product.makeWindowsImage {
    guestOs = "reference-guest";
    accelerator = "tcg";
    layers = [ (layers.inno-setup { source = standIn "inno_setup"; arguments = [ "/TASKS=fail" ]; }) ];
  }).spec;
in
pkgs.runCommand "check-layers-installers"
  {
    nativeBuildInputs = [ run wfvm-nix-builder pkgs.gnugrep ];
    passthru = { inherit image; parts = [ (package "a") (package "b") channel.channel (standIn "nsis") (standIn "visual_studio") (standIn "qt_installer") ]; };
  } ''
  wfvm-run-installers

  status=0
  wfvm-nix-builder layer --spec ${pkgs.writeText "failing.json" (builtins.toJSON failing)} --out failing.qcow2 > said 2>&1 || status=$?
  says() { grep -qF -- "$2" said && echo "holds: $1" || { echo "does not hold: $1" >&2; cat said >&2; exit 1; }; }
  [ $status = 4 ] && [ ! -e failing.qcow2 ] || { echo "a failed installer: status $status" >&2; cat said >&2; exit 1; }
  says "a failed installer is named with its switches" '/TASKS=fail'
  says "and its exit code" 'exit code 4'
  says "and the end of its log" 'A line that tells why.'
  echo 24 facts hold > $out
''
