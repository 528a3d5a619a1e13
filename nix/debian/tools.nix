# Debian's programs as one store path that runs from where it lies.
#
# Debian builds for /usr: interpreter, libraries and data are found by absolute
# paths. The builder, tools.sh, rewrites those. It has only the unpacked tree
# itself to work with, so every program is started through the tree's ld.so.
{ tree, system }:

let
  libraries = "${tree}/usr/lib/x86_64-linux-gnu";
in
derivation {
  name = "debian-tools";
  inherit system tree;
  builder = "${libraries}/ld-linux-x86-64.so.2";
  args = [ "--library-path" libraries "${tree}/usr/bin/bash" "-eu" ./tools.sh ];
}
