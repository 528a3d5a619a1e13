# The guest's own Windows programs: every $sources/*.c to $out.
mkdir -p "$out"
for source in "$sources"/*.c; do
  name=$(basename "$source" .c)
  x86_64-w64-mingw32-gcc -Os -s -municode -Wall -Wextra -Werror -Wl,--no-insert-timestamp \
    "$source" -o "$out/$name.exe" -lws2_32 -ladvapi32
done
