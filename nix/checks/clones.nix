# Commands on clones, in the sandbox: each in a guest of its own, some at once, and what
# each has said and how it ended is kept by its name.
{ pkgs, product, ... }:

let
  template = product.reviveWindowsVM { image = product.demoImage; memoryMib = 768; cores = 1; };
  clones = given: product.runOnClones ({ name = "clones"; image = template; clones = 2; } // given);

  good = clones {
    files = [ { name = "words.txt"; source = pkgs.writeText "words.txt" "b\r\na\r\n"; } ];
    commands = {
      said = "echo out& echo err>&2";
      sorted = "sort < words.txt";
      script = "@echo off\nif exist mark exit 1\necho mark> mark\necho two lines\n";
      again = "@echo off\nif exist mark exit 1\necho mark> mark\necho alone\n";
    };
  };
  bad = clones { commands = { ends = "exit 7"; holds = "echo fine"; }; keepFailed = true; };
in
pkgs.runCommand "check-clones" { nativeBuildInputs = [ pkgs.gnugrep pkgs.libxml2 ]; } ''
  failed=
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; failed=1; fi; }
  text() { tr -d '\r' < $1 | tr '\n' ' '; }
  fact "standard output and standard error are apart" "$(text ${good}/said/stdout), $(text ${good}/said/stderr)" "out , err "
  fact "a file is there" "$(text ${good}/sorted/stdout)" "a b "
  fact "several lines are a batch file" "$(text ${good}/script/stdout)" "two lines "
  fact "no guest sees another's files" "$(text ${good}/again/stdout)" "alone "
  fact "a good run has not failed" "$(test -e ${good}/nix-support/failed || echo no)" no
  fact "an exit code is kept" "$(text ${bad}/ends/exit-code)" "7 "
  fact "the others run all the same" "$(text ${bad}/holds/stdout)" "fine "
  fact "and the whole has failed" "$(test -e ${bad}/nix-support/failed && echo yes)" yes
  fact "the report is JUnit" "$(xmllint --xpath 'count(//testcase)' ${bad}/report.xml) $(xmllint --xpath 'count(//failure)' ${bad}/report.xml)" "2 1"
  fact "both reports are products" "$(wc -l < ${good}/nix-support/hydra-build-products)" 2
  [ -z "$failed" ] || exit 1
  echo 10 facts hold > $out
''
