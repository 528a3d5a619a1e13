# The image is in the build closure of a result that was made with it. Read from
# the derivations alone, so nothing is installed for this.
{ pkgs, product, ... }:

let
  # The file itself, not what it makes.
  derivation = package: builtins.unsafeDiscardOutputDependency package.drvPath;
in
pkgs.runCommand "check-closure"
  {
    nativeBuildInputs = [ pkgs.gnugrep ];
    result = derivation (import ../../examples/hello.nix { inherit pkgs; wfvm = product; });
    image = derivation product.demoImage;
    medium = derivation product.referenceGuest;
  } ''
  declare -A seen
  # Every derivation that the outermost one refers to, each read once.
  walk() {
    seen=([$1]=1)
    local todo=("$1") found
    while [ ''${#todo[@]} -gt 0 ]; do
      for found in $(grep -oh '/nix/store/[^"]*\.drv' "''${todo[@]}"); do
        if [ -n "''${seen[$found]-}" ]; then continue; fi
        seen[$found]=1 next+=("$found")
      done
      todo=("''${next[@]}") next=()
    done
  }
  failed= next=()
  fact() { if [ "''${seen[$2]-0}" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1" >&2; failed=1; fi; }
  walk "$result"
  fact "the image is in the build closure of the demo's result" "$image" 1
  walk "$image"
  fact "the installation medium is in the build closure of the image" "$medium" 1
  fact "the result is not in the closure of the image" "$result" 0
  [ -z "$failed" ] || exit 1
  echo 3 facts hold > $out
''
