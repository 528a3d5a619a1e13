# The host's side of a build in a guest: preVM, a pause in which the guest runs, postVM.
# As in vmTools both see the variables of the derivation and of stdenv's setup, and each other's.
#
#   $1  a directory with the files `preVM` and `postVM`
#   $2  the exchange directory
#   $3  directories of programs, for PATH
#
# Standard output tells diskImage and the words of QEMU_OPTS, each ended by a zero byte, after
# their number; standard input tells when postVM's time has come, and ends when it never will.
exec 3<&0 4>&1 < /dev/null 1>&2
export > "$2/saved-env"
wfvmHooks=$1 wfvmPrograms=$3
for wfvmAttributes in "$NIX_BUILD_TOP/.attrs.sh" "${NIX_ATTRS_SH_FILE-}"; do
  [ -n "$wfvmAttributes" ] && [ -e "$wfvmAttributes" ] || continue
  source "$wfvmAttributes"
  for wfvmOutput in "${!outputs[@]}"; do declare -x "$wfvmOutput=${outputs[$wfvmOutput]}"; done
  break
done
set --
# It is for the builder's side of the setup.
postHook=
if [ -n "${stdenv-}" ] && [ -e "$stdenv/setup" ]; then source "$stdenv/setup"; fi
PATH=${PATH:+$PATH:}$wfvmPrograms
if [ -n "${wfvmDiskImage-}" ]; then diskImage=$wfvmDiskImage; fi
QEMU_OPTS=${wfvmQemuOptions-}
set -e
source "$wfvmHooks/preVM" 3<&- 4>&-
eval "wfvmWords=(${QEMU_OPTS-})"
printf '%s\0' "$((${#wfvmWords[@]} + 1))" "${diskImage-}" "${wfvmWords[@]}" >&4
exec 4>&-
read -r wfvmVerdict <&3 || exit 0
exec 3<&-
source "$wfvmHooks/postVM"
