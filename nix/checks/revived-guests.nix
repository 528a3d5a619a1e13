# What is started from a template goes on from the freeze, each in a guest of its own:
# scripts, derivations, layers side by side. A guest that was revived has the template's
# nonce in its registry, in a hive that no boot brings back.
{ pkgs, product, ... }:

let
  inherit (product.demoImage) revived;
  nonce = ''reg query HKLM\HARDWARE\DESCRIPTION\System /v WfvmTemplate'';
  # The host's time is of no interest here.
  derivation = given: script: product.runInWindowsImage revived
    (pkgs.runCommand "revived" ({ baseRtc = revived.machine.rtcBase; } // given) script);

  first = derivation { outputs = [ "out" "log" ]; } ''
    ${nonce} > %out% || exit 1
    type C:\Windows\Panther\setupact.log > %log%
    echo first> C:\mark.txt
  '';
  second = derivation { word = "second"; inherit first; } ''
    if exist C:\mark.txt exit 1
    ${nonce} > %out% || exit 1
    fc %first% %out% >nul || exit 1
  '';
  # Another machine boots.
  booted = derivation { memSize = 1024; } ''
    ${nonce} && exit 1
    echo booted> %out%
    exit 0
  '';

  layer = name: revived.layer {
    inherit name;
    script = ''
      win-exec '${nonce}'
      win-exec 'if exist C:\layer.txt exit 1'
      win-exec 'echo ${name}> C:\layer.txt'
    '';
  };
  in' = image: name: image.run {
    inherit name;
    script = ''
      win-exec 'type C:\layer.txt' | tr -d '\r' > ${name}
    '';
  };
  layers = map layer [ "one" "two" ];
  # The second has booted: an image of a layer is one like any other.
  runs = [ (in' (builtins.elemAt layers 0).revived "one") (in' (builtins.elemAt layers 1) "two") ];

  pair = revived.run {
    name = "pair";
    machines = 2;
    script = ''
      for number in 1 2; do
        WFVM_MACHINE=$number win-exec '${nonce}'
        win-exec --machine $number 'if exist C:\pair.txt exit 1'
        win-exec --machine $number "(echo $number)> C:\pair.txt"
      done
      for number in 1 2; do WFVM_MACHINE=$number win-exec 'type C:\pair.txt' | tr -d '\r'; done > pair
    '';
  };
in
pkgs.runCommand "check-revived-guests"
  {
    nativeBuildInputs = [ pkgs.gnugrep pkgs.qemu ] ++ runs ++ [ pair ];
    exportReferencesGraph = [ "graph" (builtins.elemAt layers 0) ];
  } ''
  failed=
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; failed=1; fi; }
  fact "a derivation ran in a revived guest" "$(grep -c WfvmTemplate ${first})" 1
  fact "and another one, where the first has left nothing" "$(grep -c WfvmTemplate ${second})" 1
  fact "the template's drives were taken out of it" "$(grep -c 'X: is gone' ${first.log})" 1
  fact "and nobody moved a letter afterwards" "$(sed -n '/X: is gone/,$p' ${first.log} | grep -c mountvol)" 0
  fact "on another machine it boots" "$(tr -d '\r' < ${booted})" booted
  wfvm-run-one
  wfvm-run-two
  fact "two layers were installed side by side" "$(cat one two | tr '\n' ' ')" "one two "
  wfvm-run-pair
  fact "a script has two guests of one template" "$(tr '\n' ' ' < pair)" "1 2 "
  fact "a layer stands on the image" "$(qemu-img info ${builtins.elemAt layers 0} | sed -n 's/^backing file: //p')" ${product.demoImage}
  fact "and has no memory along" "$(grep -c ${revived} graph)" 0
  fact "a template has an image below it, too" "$(qemu-img info ${revived}/disk.qcow2 | sed -n 's/^backing file: //p')" ${product.demoImage}
  [ -z "$failed" ] || exit 1
  echo 10 facts hold > $out
''
