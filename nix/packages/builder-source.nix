# What one of the programs of ./builders.nix is made of, out of a copy of the
# repository: its two crates without the modules of other tasks and without tests.
{ repository, builder }:

let
  inherit (builtins) any head match stringLength substring;

  start = stringLength (toString repository) + 1;
  below = directory: relative: relative == directory || substring 0 (stringLength directory + 1) relative == "${directory}/";

  wanted = path:
    let
      relative = substring start (-1) path;
      ofCrates = match "crates/(.*)" relative;
    in
    match "Cargo\\.(toml|lock)|crates|crates/wfvm(-nix-builder)?(/.*)?" relative != null
    && match ".*/tests(\\.rs|/.*)?" relative == null
    && (ofCrates == null || !any (module: below module (head ofCrates)) builder.without);
in
builtins.path { path = repository; name = "wfvm-source"; filter = path: _: wanted path; }
