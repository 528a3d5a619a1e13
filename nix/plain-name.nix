# What people call an image: its name without the mark and the ending.
name:

let
  parts = builtins.match "(RESTRICTDIST-)?(.*)\\.img" name;
in
if parts == null then name else builtins.elemAt parts 1
