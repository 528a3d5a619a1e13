# The builder of a conda channel: every package below $packages to $out, with the
# repodata.json that `conda index` would write, from each package's own index.json.

index_of() { # PACKAGE
  case $1 in
    *.tar.bz2) tar -xjOf "$1" info/index.json ;;
    # A zip of two tar archives; the first has what is said about the package.
    *.conda) 7zz x -so "$1" 'info-*.tar.zst' | zstd -dc | tar -xOf - info/index.json ;;
  esac
}

declare -A lists
count=0
for source in $packages; do
  while IFS= read -r file; do
    name=${file##*/}
    # A file of the store has its hash before its name.
    if [[ $file == "$source" && $name =~ ^[0-9a-z]{32}-(.+)$ ]]; then name=${BASH_REMATCH[1]}; fi
    index=$(index_of "$file")
    subdir=$(sed -n 's/.*"subdir": *"\([^"]*\)".*/\1/p' <<< "$index" | head -n 1)
    case $subdir in
      noarch | win-64) ;;
      *) echo "$name is a package for \`$subdir\`: a channel of Windows has \`noarch\` and \`win-64\`" >&2; exit 1 ;;
    esac
    mkdir -p "$out/$subdir"
    cp "$file" "$out/$subdir/$name"
    entry="\"$name\": ${index%\}*}, \"md5\": \"$(md5sum < "$file" | cut -c-32)\", \"sha256\": \"$(sha256sum < "$file" | cut -c-64)\", \"size\": $(stat -L -c %s "$file")}"
    [[ $name == *.conda ]] && list=$subdir.conda || list=$subdir.tar
    lists[$list]+=${lists[$list]:+, }$entry
    count=$((count + 1))
  done < <(find -L "$source" -type f \( -name '*.tar.bz2' -o -name '*.conda' \) | LC_ALL=C sort)
done
((count > 0)) || { echo "there is no .conda and no .tar.bz2 file in $packages" >&2; exit 1; }

# conda asks every channel for both, packages or none.
for subdir in noarch win-64; do
  mkdir -p "$out/$subdir"
  printf '{"info": {"subdir": "%s"}, "packages": {%s}, "packages.conda": {%s}, "repodata_version": 1}\n' \
    "$subdir" "${lists[$subdir.tar]}" "${lists[$subdir.conda]}" > "$out/$subdir/repodata.json"
done
echo "a channel of $count packages"
