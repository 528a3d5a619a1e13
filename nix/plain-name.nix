# What people call an image: its name without the mark and the ending.
name:

let
  parts = builtins.match "(RESTRICTDIST-)?(.*)\\.(img|img\\.dir|qcow2|template)" name;
in
if parts == null then name else builtins.elemAt parts 1
