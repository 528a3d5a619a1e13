# Derivations whose builders run in a Linux guest, and what a person reads when one fails.
{ pkgs, product, wfvm-nix-builder, ... }:

let
  inherit (product) runInLinuxVM;

  large = builtins.concatStringsSep "" (builtins.genList (n: "# a script that is longer than one variable may be: ${toString n}\n") 4000);

  # Of the package set's own function, with more than one result.
  built = runInLinuxVM (pkgs.runCommand "linux-vm-built"
    {
      outputs = [ "out" "dev" ];
      accelerator = "tcg";
      memSize = "600";
      preVM = ''
        QEMU_OPTS="$QEMU_OPTS -smbios 'type=1,product=a b'"
        seen=$out
        echo from-the-host > xchg/given
      '';
      QEMU_OPTS = "-smbios type=0,vendor=wfvm";
      postVM = ''
        [ "$seen" = "$out" ]
        [ "$(head -n 1 xchg/in-vm-exit)" = 0 ]
        echo "and postVM" >> $out/said
      '';
      inherit large;
      passAsFile = [ "large" ];
    } ''
    fact() { if [ "$2" = "$3" ]; then echo "holds: $1" | tee -a facts; else echo "does not hold: $1: $2, should be $3" >&2; exit 1; fi; }

    fact "the guest has the memory that memSize says" "$(awk '/MemTotal/ { print ($2 > 500000 && $2 < 620000) }' /proc/meminfo)" 1
    fact "words of QEMU_OPTS and of preVM reach QEMU" "$(< /sys/class/dmi/id/bios_vendor), $(< /sys/class/dmi/id/product_name)" "wfvm, a b"
    fact "what preVM laid into xchg is in /tmp/xchg" "$(< /tmp/xchg/given)" from-the-host
    fact "an attribute as a file is whole" "$(wc -c < "$largePath")" ${toString (builtins.stringLength large)}
    fact "the build directory is the guest's own /tmp" "$NIX_BUILD_TOP $TMPDIR $PWD $(stat -f -c %T /tmp)" "/tmp /tmp /tmp tmpfs"
    fact "the builder is root" "$(< /proc/self/status awk '/^Uid/ { print $2 }')" 0
    fact "there is /bin/sh" "$(/bin/sh -c 'echo sh')" sh
    fact "there is a loopback device" "$(< /sys/class/net/lo/flags)" 0x9
    fact "no input means its end" "$(cat | wc -c)" 0
    fact "other modules are loaded when they are needed" "$(modprobe -d ${pkgs.linux} vfat && grep -c vfat /proc/filesystems)" 1
    fact "only the inputs are in the store" "$([ "$(ls /nix/store | wc -l)" -lt 200 ] && echo yes)" yes
    mkdir -p $out $dev
    cp facts $out/said
    ln -s $out $dev/link
    install -m 755 /bin/sh $dev/program
    (trap "" HUP TERM; while :; do read -r -t 1 || :; done < <(:)) &
  '');

  # With structured attributes there are no variables but in Nix's files.
  structured = runInLinuxVM (derivation {
    name = "linux-vm-structured";
    system = "x86_64-linux";
    builder = "${pkgs.bash}/bin/bash";
    __structuredAttrs = true;
    words = [ "a b" "c" ];
    accelerator = "tcg";
    preVM = ''echo "$out ''${words[0]}" > xchg/seen'';
    args = [ "-e" "-c" ''
      source "$NIX_ATTRS_SH_FILE"
      out=''${outputs[out]}
      [ "$(< /tmp/xchg/seen)" = "$out a b" ]
      printf '%s\n' "''${words[@]}" > $out
    '' ];
  });

  # Paths of outputs that Nix puts into arguments.
  placed = runInLinuxVM (derivation {
    name = "linux-vm-placed";
    system = "x86_64-linux";
    builder = "${pkgs.bash}/bin/bash";
    args = [ "-c" "echo placed > ${placeholder "out"}" ];
    accelerator = "tcg";
  });

  # What the binary says of a builder that fails; run here, since a derivation that fails has no result.
  failing = name: attributes: script: (runInLinuxVM (derivation ({
    inherit name;
    system = "x86_64-linux";
    builder = "${pkgs.bash}/bin/bash";
    args = [ "-c" script ];
    accelerator = "tcg";
    PATH = "${pkgs.coreutils}/bin";
  } // attributes))).specFile;
in
pkgs.runCommand "check-linux-vm"
  {
    nativeBuildInputs = [ wfvm-nix-builder pkgs.gnugrep ];
    inherit built placed structured;
    # Of what a mock makes there are no further outputs.
    dev = built.dev or built;
  } ''
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; cat log >&2; exit 1; fi; }
  says() { if grep -qF -- "$2" log; then echo "holds: $1"; else echo "does not hold: $1: no \`$2\` in" >&2; cat log >&2; exit 1; fi; }
  status=
  build() { # SPEC
    rm -rf build; mkdir build; cd build
    status=0; NIX_BUILD_TOP=$PWD NIX_LOG_FD= wfvm-nix-builder linux --spec "$1" > ../output 2> ../log || status=$?
    cd ..
  }

  fact "12 facts held in the guest, and postVM ran" "$(wc -l < $built/said)" 12
  fact "an output may refer to another" "$(readlink $dev/link)" "$built"
  [ -x $dev/program ]
  fact "arguments have the paths of outputs" "$(< $placed)" placed
  fact "structured attributes are in the guest and in preVM" "$(< $structured)" $'a b\nc'

  build ${failing "fails" { } ''printf 'first\nto stderr\n' >&2; echo last; exit 7''}
  fact "a builder's exit code is ours" $status 7
  fact "its output is its own, line for line" "$(od -A n -c output | tr -d ' \n')" 'first\ntostderr\nlast\n'
  says "and the page says so" "error: the builder ended with exit code 7"
  fact "the evidence is there" "$(cd build/evidence && echo *)" "console.log qemu.log run-vm spec.json"
  mv build kept
  coproc vm { kept/evidence/run-vm 2>&1; }
  exec 5<&''${vm[0]} 6>&''${vm[1]}
  while read -r line <&5; do
    case $line in *"ends the guest"*) echo 'echo "$name is $((6 * 7))"; exit' >&6 ;; esac
    printf '%s\n' "$line"
  done > log
  exec 5<&- 6>&-
  says "run-vm is a shell in the guest with the builder's variables, wherever it was moved" "check-linux-vm is 42"

  build ${failing "absent" { builder = "/no/such/program"; } ""}
  fact "a builder that is not there is the author's fault" $status 2
  says "and named" "error: the guest could not start the builder: /no/such/program "
  says "with the reason" "could not be started: No such file or directory"

  build ${failing "panics" { } "echo c > /proc/sysrq-trigger"}
  fact "a panic is the guest's" $status 4
  says "and told in the kernel's words" "error: the guest's kernel panicked: sysrq triggered crash"

  build ${failing "hungry" { memSize = 128; } ''text=xxxxxxxxxxxxxxxx; while :; do text=$text$text; done''}
  fact "a builder that was killed has the code of the signal" $status 137
  says "and a lack of memory is named with its measure" "killed \`bash\`. \`memSize\` is 128 MiB"

  build ${failing "slow" { timeoutSeconds = 1; } "while :; do :; done"}
  fact "a deadline is a deadline's" $status 5
  says "with the attribute that sets it" "\`timeoutSeconds\`"

  build ${failing "before" { preVM = "echo no >&2; false"; } "exit 1"}
  fact "preVM that fails is the author's" $status 2
  says "and named" "error: \`preVM\` ended with exit status 1"

  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' < $process/cmdline 2> /dev/null) in
      *qemu*) echo "left behind: $(tr '\0' ' ' < $process/cmdline)" >&2; exit 1 ;;
    esac
  done
  touch $out
''
