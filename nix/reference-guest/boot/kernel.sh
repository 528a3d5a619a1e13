# The kernel, its modules ready to load, their signatures, and the order to load them in:
# $guestPackages and the list $modules to $out/{vmlinuz,modules/,order}.

directory=$(echo "$guestPackages"/usr/lib/modules/*)
mkdir -p "$out/modules"
cp "$guestPackages/boot/vmlinuz-$(basename "$directory")" "$out/vmlinuz"

# A module's file name may have hyphens where its name has underscores. There
# is no index of modules: making one unpacks all four thousand of them.
declare -A files=() listed=()
while read -r file; do
  name=${file##*/} name=${name%.ko.xz}
  files[${name//-/_}]=$file
done < <(find "$directory" -name '*.ko.xz' -printf '%p\n')

list_module() { # CONDITION MODULE
  local condition=$1 name=${2//-/_} file module dependency
  [[ -z ${listed[$name]-} ]] || return 0
  listed[$name]=1
  file=${files[$name]-}
  [[ -n $file ]] || { echo "the kernel has no module $2" >&2; exit 1; }
  module=$out/modules/$(basename "$file" .xz)
  xz -dc "$file" > "$module"
  # depends=a,b and softdep=pre: a post: b, as the kernel's build wrote them.
  for dependency in $(modinfo -F depends "$module" | tr , ' ') \
    $(modinfo -F softdep "$module" | sed -n 's/ *post:.*//; s/^pre: *//p'); do
    [[ -z ${files[${dependency//-/_}]-} ]] || list_module "$condition" "$dependency"
  done
  printf '%s%s\n' "${condition:+$condition }" "$(basename "$module")" >> "$out/order"
}

condition=
while read -r word; do
  case $word in
    '?'*) condition=$word ;;
    *) list_module "$condition" "$word"; condition= ;;
  esac
done < <(sed 's/#.*//' "$modules" | tr -s '[:space:]' '\n' | sed '/^$/d')

# The appended signatures are files of their own: each costs the guest a hash of
# the module and an operation with its key, and Linux demands them only where
# the firmware has Secure Boot. At the end of a module: the signature, 12 bytes
# that end with its length, and 28 bytes of text (include/linux/module_signature.h).
for module in "$out"/modules/*.ko; do
  [[ $(tail -c 28 "$module" | tr -d '\0') == '~Module signature appended~' ]] || continue
  length=$((16#$(tail -c 32 "$module" | head -c 4 | od -An -tx1 | tr -d ' \n') + 40))
  tail -c $length "$module" > "$module.signature"
  truncate -s -$length "$module"
done
