# The builder of a .reg file: $linesPath, in UTF-8, to $out in UTF-16 with a byte
# order mark, since regedit reads anything else as the code page of the machine.
#
# A line with $separator is one value: the text up to it, then strings, each of
# which becomes bytes with a zero at its end.

# UTF-8 on standard input to units of UTF-16 as two bytes in hexadecimal, low first.
units() {
  local byte code=0 missing=0 unit
  for byte in $(od -An -v -tu1); do
    if ((byte < 128)); then code=$byte missing=0
    elif ((byte < 192)); then code=$((code << 6 | byte & 63)) missing=$((missing - 1))
    elif ((byte < 224)); then code=$((byte & 31)) missing=1
    elif ((byte < 240)); then code=$((byte & 15)) missing=2
    else code=$((byte & 7)) missing=3
    fi
    ((missing == 0)) || continue
    local found=("$code")
    if ((code > 65535)); then found=($((0xd800 + (code - 65536 >> 10))) $((0xdc00 + (code - 65536 & 1023)))); fi
    for unit in "${found[@]}"; do printf '%02x %02x ' $((unit & 255)) $((unit >> 8)); done
  done
}

hexadecimal() {
  local strings string bytes=
  IFS=$separator read -r -a strings <<< "$1"
  # `read` drops one empty field at the end.
  [[ -n $1 && $1 != *"$separator" ]] || strings+=("")
  for string in "${strings[@]}"; do bytes+="$(printf %s "$string" | units)00 00 "; done
  bytes=${bytes% }
  printf %s "${bytes// /,}"
}

while IFS= read -r line; do
  if [[ $line == *"$separator"* ]]; then
    printf '%s%s\r\n' "${line%%"$separator"*}" "$(hexadecimal "${line#*"$separator"}")"
  else
    printf '%s\r\n' "$line"
  fi
done < "$linesPath" > text

{
  printf '\xff\xfe'
  printf "$(units < text | sed 's/\([0-9a-f][0-9a-f]\) /\\x\1/g')"
} > "$out"
