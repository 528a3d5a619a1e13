# One C source to one Windows program: $source to $out/$program.
mkdir -p "$out"
# Without a time stamp the same source gives the same bytes.
x86_64-w64-mingw32-gcc -O2 -s -Wl,--no-insert-timestamp "$source" -o "$out/$program" $flags
