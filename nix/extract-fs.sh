# What is in the file system of $file, to $out: nix/lib/extractFs.nix. $fs and $partition
# may be empty.
#
# Whoever wrote the image may be hostile. 7-Zip makes regular files and directories
# alone; links are made when nothing is written any more, so nothing is written through one.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

fail() { printf 'error: extractFs: %s\n' "$1" >&2; [[ $# == 1 ]] || sed 's/^/  /' <<< "$2" >&2; exit 1; }

# The hexadecimal digits of $2 bytes at $1 of $image, if it has so many; and numbers there.
bytes() { od -An -v -tx1 -j "$1" -N "$2" "$image" 2> /dev/null | tr -d ' \n'; }
number() { od -An -v "-t$1" "--endian=$2" -j "$3" -N "${1#[du]}" "$image" 2> /dev/null | tr -d ' ' || fail "$file ends too early"; }
little4() { number u4 little "$1"; }
little8() { number d8 little "$1"; }
big4() { number u4 big "$1"; }
big8() { number d8 big "$1"; }
holds() { [[ $(bytes "$1" $((${#2} / 2))) == "$2" ]]; }

if [[ -d $file ]]; then
  [[ -e $file/disk-image.qcow2 ]] || fail "$file is a directory without disk-image.qcow2"
  file=$file/disk-image.qcow2
fi
given=$(readlink -f "$file")

# --- from a disk's format to its bytes ----------------------------------------
image=$given format=raw
if holds 0 514649fb; then format=qcow2
elif holds 0 7668647866696c65; then format=vhdx
elif holds 0 636f6e6563746978 || { size=$(stat -c %s "$image"); ((size > 512)) && holds $((size - 512)) 636f6e6563746978; }; then format=vpc
fi

# A qcow2 file can name other files of the machine as its contents.
qcow2_chain() {
  local depth offset length name
  for ((depth = 0; depth < 64; depth++)); do
    holds 0 514649fb || return 0
    if (($(big4 4) >= 3)) && (($(big8 72) & 4)); then
      fail "$image keeps its data in another file, which is not followed"
    fi
    offset=$(big8 8)
    length=$(big4 16)
    ((offset != 0)) || return 0
    ((offset > 0 && length > 0 && length < 1024)) || fail "$image: its header is not one of a qcow2 image"
    name=$(dd if="$image" iflag=skip_bytes,count_bytes skip="$offset" count="$length" status=none | tr -d '\0')
    [[ $name == "$NIX_STORE"/* && $name != */../* ]] || fail "$image has the backing file \`$name\`, which is not in the Nix store"
    image=$name
  done
  fail "$given has more than 64 backing files"
}

# The bytes from $1 on, $2 of them, as a file of their own.
cut() {
  local escaped=${given//,/,,} source
  case $format in
    raw) source="file.driver=file,file.filename=$escaped" ;;
    *) source="file.driver=$format,file.file.driver=file,file.file.filename=$escaped" ;;
  esac
  qemu-img convert --image-opts "driver=raw,offset=$1,size=$2,$source" -O raw -S 4k "$NIX_BUILD_TOP/part.raw"
}

if [[ $format != raw ]]; then
  case $format in qcow2) qcow2_chain ;; esac
  # Enough for a partition table and for what tells a file system.
  qemu-img dd -f "$format" -O raw bs=64k count=16 "if=$given" "of=$NIX_BUILD_TOP/head.raw"
  image=$NIX_BUILD_TOP/head.raw
fi

# --- which file system it is ---------------------------------------------------
# Whether an ISO's root directory begins with the entry that says that Rock Ridge is in use.
rock_ridge() { holds 32769 4344303031 && holds $(($(little4 $((32768 + 158))) * 2048 + 34)) 53500701beef; }

found() {
  local sector
  if holds 0 4d5357494d000000; then echo wim
  elif holds 3 4e54465320202020; then echo ntfs
  elif holds 82 4641543332202020 || holds 54 46415431; then echo vfat
  elif holds 0 68737173 || holds 0 73717368; then echo squashfs
  elif holds 0 453dcd28; then echo cramfs
  elif holds 1080 53ef; then echo ext4
  elif holds 1024 482b || holds 1024 4858; then echo hfsplus
  elif holds 32769 4344303031 || holds 32769 4245413031; then
    # A bridge has both: what Microsoft's media hold is in UDF alone, and what has links
    # has them in Rock Ridge as well, where they can be read.
    if rock_ridge; then echo iso9660; return; fi
    for ((sector = 16; sector < 32; sector++)); do
      if holds $((sector * 2048 + 1)) 4e535230; then echo udf; return; fi
    done
    echo iso9660
  elif holds 1024 4244; then echo hfs
  fi
}

# Number, type, first and last byte of each partition.
partitions() {
  local index entry size count first last
  holds 510 55aa || return 0
  if holds 512 4546492050415254; then
    # Each on a line of its own, which ends where one fails.
    size=$(little4 596)
    count=$(little4 592)
    entry=$(little8 584)
    entry=$((entry * 512))
    ((entry > 0 && entry < 1 << 20 && count <= 1024 && size >= 128 && size <= 4096)) || fail "the disk's partition table is damaged"
    for ((index = 0; index < count; index++, entry += size)); do
      ! holds "$entry" 00000000000000000000000000000000 || continue
      first=$(little8 $((entry + 32)))
      last=$(little8 $((entry + 40)))
      ((first > 0 && last >= first && last < 1 << 50)) || fail "partition $((index + 1)) has no sound place"
      echo "$((index + 1)) $(bytes "$entry" 4) $((first * 512)) $(((last + 1) * 512))"
    done
  else
    for ((index = 0; index < 4; index++)); do
      entry=$((446 + 16 * index))
      first=$(little4 $((entry + 8)))
      size=$(little4 $((entry + 12)))
      ((size > 0 && first > 0)) || continue
      echo "$((index + 1)) $(bytes $((entry + 4)) 1) $((first * 512)) $(((first + size) * 512))"
    done
  fi
}

kind=$(found)
if [[ $kind != wim ]]; then
  # The boot sector of a file system can look like a table.
  table=
  if [[ -z $kind ]]; then table=$(partitions); fi
  if [[ -n $partition ]]; then
    [[ -n $table ]] || fail "there is no partition table, so there is no partition $partition${kind:+; the whole is $kind}"
    read -r _ _ first end < <(grep "^$partition " <<< "$table") ||
      fail "there is no partition $partition; there are $(awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $1 }' <<< "$table")"
    cut "$first" $((end - first))
    given=$NIX_BUILD_TOP/part.raw
  elif [[ -n $table ]]; then
    fail "this is a disk with partitions; choose one by \`partition\`:" "$(awk '{ printf "partition %s, type %s, %d MiB\n", $1, $2, ($4 - $3) / 1048576 }' <<< "$table")"
  elif [[ $format != raw ]]; then
    qemu-img convert -f "$format" -O raw -S 4k "$given" "$NIX_BUILD_TOP/part.raw"
    given=$NIX_BUILD_TOP/part.raw
  fi
  image=$given
  kind=$(found)
fi
[[ -n $kind ]] || [[ -n $fs ]] || fail "$file begins as none of the known file systems does"

case ${fs:-$kind} in
  wim) type=wim ;;
  ext2 | ext3 | ext4) type=Ext ;;
  fat | msdos | vfat) type=FAT ;;
  hfs | hfsplus) type=HFS ;;
  squashfs) type=SquashFS ;;
  iso9660) type=Iso ;;
  udf) type=Udf ;;
  ntfs) type=NTFS ;;
  cramfs) type=CramFS ;;
esac

# --- what is in it --------------------------------------------------------------
mkdir "$out"
if [[ $type == wim ]]; then
  count=$(wimlib-imagex info "$given" --header | awk -F '= *' '/^Image Count/ { print $2 }')
  ((${count:-0} > 0)) || fail "$file is no WIM with images"
  if [[ -z $partition ]] && ((count > 1)); then
    fail "the WIM has $count images; choose one by \`partition\`:" "$(wimlib-imagex info "$given" | grep -E '^(Index|Name):')"
  fi
  # Every byte is checked against its hash.
  wimlib-imagex apply "$given" "${partition:-1}" "$out" --no-acls --norpfix > /dev/null
elif [[ $type == Iso ]] && rock_ridge; then
  # 7-Zip prefers Joliet, which has neither links nor modes.
  xorriso -osirrox on -abort_on WARNING -indev "stdio:$given" -extract / "$out" > said 2>&1 || fail "xorriso cannot read all of it:" "$(tail -n 8 said)"
else
  7zz l -slt -ba -sccUTF-8 "-t$type" "$given" > entries 2>&1 ||
    fail "7-Zip cannot read it as ${fs:-$kind}${kind:+, and it begins as $kind}:" "$(grep -iE 'error|warning|cannot' entries || tail -n 8 entries)"
  # Path, size and target of each link, and the paths of what a store cannot hold.
  gawk -v RS= -F '\n' '
    {
      path = mode = size = target = ""
      for (field = 1; field <= NF; field++) {
        if ($field ~ /^Path = /) path = substr($field, 8)
        else if ($field ~ /^Mode = /) mode = substr($field, 8, 1)
        else if ($field ~ /^Size = /) size = substr($field, 8)
        else if ($field ~ /^Symbolic Link = ./) target = substr($field, 17)
      }
      if (mode == "l") { print path > "excluded"; printf "%s\t%s\t%s\n", path, size, target > "links" }
      else if (mode ~ /[bcps]/) { print path > "excluded"; print path > "left-out" }
    }' entries
  touch excluded links left-out
  # What 7-Zip shows of the file system itself.
  printf '%s\n' '[SYS]' '[SYSTEM]' '[BOOT]' '[UNKNOWN]' >> excluded
  # -spd: a name in the list is no pattern. -sns-: no alternate streams.
  7zz x -y -bd -spd -sns- -scsUTF-8 "-t$type" "-o$out" "-x@excluded" "$given" > said 2>&1 < /dev/null ||
    fail "7-Zip cannot read all of it as ${fs:-$kind}:" "$(grep -iE 'error|warning|cannot' said || tail -n 8 said)"
  unexpected=$(find "$out" -type l -print -quit)
  [[ -z $unexpected ]] || fail "a link's name has control characters: $unexpected"

  while IFS=$'\t' read -r path size target; do
    case /$path/ in */../* | */./* | *//*) fail "a link is called \`$path\`" ;; esac
    if [[ -z $target ]]; then
      # This file system's reader has a link's target as its contents.
      target=$(7zz x -so -spd "-t$type" "-i!$path" "$given") && ((${#target} > 0)) || fail "the target of the link \`$path\` is not told"
    fi
    parent=$out
    if [[ $path == */* ]]; then parent=$out/${path%/*}; fi
    # Links are made in the order of the list: an earlier one may be where a later one's directory should be.
    [[ $(realpath "$parent") == "$parent" ]] || fail "the link \`$path\` is behind another link"
    ln -sT -- "$target" "$out/$path"
  done < links
  if [[ -s left-out ]]; then printf 'left out, since a store has no devices, pipes and sockets: %s\n' "$(tr '\n' ' ' < left-out)" >&2; fi
fi
# A directory that its owner may not read could not be kept.
find "$out" -type d ! -perm -0700 -exec chmod u+rwx {} +
echo "extractFs: ${fs:-$kind}, $(find "$out" -mindepth 1 | wc -l) files and directories" >&2
