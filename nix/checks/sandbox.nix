# Builds really run in Nix's sandbox: what lies outside is not there. The
# machine's own Nix decides that, not these files; where it is off, this fails.
{ pkgs, ... }:

pkgs.runCommand "check-sandbox" { nativeBuildInputs = [ pkgs.coreutils pkgs.gnugrep ]; } ''
  failed=0
  holds() { if eval "$2"; then echo "holds: $1"; else echo "does not hold: $1" >&2; failed=1; fi; }

  holds "only the sandbox's own directories are in the root" '[ "$(echo /*)" = "/bin /build /dev /etc /nix /proc /tmp" ]'
  holds "the build directory is /build" '[ "$NIX_BUILD_TOP" = /build ]'
  holds "no network device but loopback" '[ "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " ")" = lo ]'
  holds "no store path but the inputs" '[ "$(ls /nix/store | wc -l)" -lt 200 ]'
  holds "no home directory" '[ ! -e "$HOME" ]'
  holds "no privileges" 'grep -q "^CapEff:.0*$" /proc/self/status'
  holds "the build is the only process" '[ "$(ls -d /proc/[0-9]* | wc -l)" -le 6 ]'
  [ $failed = 0 ] || exit 1
  echo 7 facts hold > $out
''
