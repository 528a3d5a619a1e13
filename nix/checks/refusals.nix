# Specs as Nix writes them, with one mistake each: the binary says where it is
# and whose move it is by its exit status (2 input, 3 host).
{ pkgs, product, wfvm-nix-builder, ... }:

let
  inherit (builtins) attrNames concatStringsSep map toFile toJSON unsafeDiscardStringContext;

  right = product.makeWindowsImage { guestOs = "reference-guest"; accelerator = "tcg"; };
  changed = change: right.spec // change;
  empty = toFile "empty.iso" "";

  mistakes = {
    "an unknown field" = { spec = changed { diskMb = 4096; }; status = 2; says = "diskMb: unknown field"; };
    "a field of another type" = { spec = changed { diskMib = "4G"; }; status = 2; says = "diskMib: invalid type"; };
    "a version that is not ours" = { spec = changed { wfvmSpec = 99; }; status = 2; says = "wfvmSpec"; };
    "a disk without room" = { spec = changed { diskMib = 1; }; status = 2; says = "diskMib: 1 MiB"; };
    "a medium that is not there" = { spec = changed { installationMedium = "/nowhere.iso"; }; status = 2; says = "/nowhere.iso"; };
    "a medium that is empty" = { spec = changed { installationMedium = empty; }; status = 2; says = "not an ISO image"; };
    "an image that the medium lacks is answered with those it has" =
      { spec = changed { image.name = "Windows 12"; }; status = 2; says = "Reference Guest Standard"; };
    "KVM in a sandbox without it" =
      { spec = changed { machine = right.spec.machine // { accelerator = "kvm"; }; }; status = 3; says = "kvm"; };
  };

  one = sentence:
    let mistake = mistakes.${sentence}; in ''
      status=0
      wfvm-nix-builder install --spec ${pkgs.writeText "spec.json" (toJSON mistake.spec)} --out image.qcow2 > said 2>&1 || status=$?
      if [ $status = ${toString mistake.status} ] && grep -qiF ${pkgs.lib.escapeShellArg mistake.says} said && [ ! -e image.qcow2 ]
      then echo "holds: ${sentence}"
      else echo "does not hold: ${sentence} (status $status)" >&2; cat said >&2; failed=1
      fi
    '';
in
pkgs.runCommand "check-refusals" { nativeBuildInputs = [ wfvm-nix-builder pkgs.gnugrep ]; } ''
  failed=0
  ${concatStringsSep "" (map one (attrNames mistakes))}
  [ $failed = 0 ] || exit 1
  echo ${toString (builtins.length (attrNames mistakes))} facts hold > $out
''
