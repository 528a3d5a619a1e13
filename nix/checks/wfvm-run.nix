# What a script beside a running image can rely on, in the sandbox: exit codes,
# streams and bytes arrive as they are, and nothing stays behind.
{ pkgs, product, ... }:

let
  run = product.wfvm-run {
    name = "check";
    image = product.demoImage;
    script = ''
      status() { local status=0; "$@" > /dev/null 2>&1 || status=$?; echo $status; }
      fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; touch broken; fi; }

      fact "an exit code arrives" "$(status win-exec 'exit 7')" 7
      fact "a code with eight zero bits is no success" "$(status win-exec 'exit 256')" 1
      fact "standard output is apart from standard error" "$(win-exec 'echo out& echo err>&2' 2> errors | tr -d '\r\n '), $(tr -d '\r\n ' < errors)" "out, err"
      fact "the account is WFVM's" "$(win-exec 'echo %USERPROFILE%' | tr -d '\r\n')" 'C:\Users\wfvm'

      printf 'line\r\n\000\377\032end' > bytes
      win-put bytes . --as sent
      mkdir back
      win-get sent back
      fact "a file is the same bytes there and back" "$(sha256sum < back/sent)" "$(sha256sum < bytes)"
      fact "standard input reaches a command" "$(win-exec --stdin 'sort' <<< b | tr -d '\r\n')" b
      fact "a missing local file fails" "$(status win-put missing)" 2
      fact "a missing remote file fails" "$([ "$(status win-get missing)" != 0 ] && echo yes)" yes
      exit 5
    '';
  };
in
pkgs.runCommand "check-wfvm-run" { nativeBuildInputs = [ run ]; } ''
  # Directories of other builds' processes are not here: this is the only one.
  status=0
  wfvm-run-check || status=$?
  [ $status = 5 ] || { echo "the script's status 5 became $status" >&2; exit 1; }
  [ ! -e broken ] || exit 1
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' < $process/cmdline 2> /dev/null) in
      *qemu* | *swtpm*) echo "left behind: $(tr '\0' ' ' < $process/cmdline)" >&2; exit 1 ;;
    esac
  done
  echo 10 facts hold > $out
''
