# A copy of the repository with some of its crates, without tests and without what
# `without` names from `crates`.
{ repository, crates, without ? [ ] }:

let
  inherit (builtins) any head match stringLength substring;

  start = stringLength (toString repository) + 1;
  below = directory: relative: relative == directory || substring 0 (stringLength directory + 1) relative == "${directory}/";

  wanted = path:
    let
      relative = substring start (-1) path;
      ofCrates = match "crates/(.*)" relative;
    in
    match "Cargo\\.(toml|lock)|crates|crates/(${crates})(/.*)?" relative != null
    && match ".*/tests(\\.rs|/.*)?" relative == null
    && (ofCrates == null || !any (module: below module (head ofCrates)) without);
in
builtins.path { path = repository; name = "wfvm-source"; filter = path: _: wanted path; }
