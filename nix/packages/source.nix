# A copy of the repository with some of its crates, without tests and without what
# `without` names from `crates`.
{ repository, crates, without ? [ ] }:

let
  inherit (builtins) all any dirOf head match stringLength substring;

  start = stringLength (toString repository) + 1;
  parents = file: let parent = dirOf file; in if parent == "." then [ ] else parents parent ++ [ parent ];
  below = directory: relative: relative == directory || substring 0 (stringLength directory + 1) relative == "${directory}/";

  wanted = relative:
    let
      ofCrates = match "crates/(.*)" relative;
    in
    match "Cargo\\.(toml|lock)|crates|crates/(${crates})(/.*)?" relative != null
    && match ".*/tests(\\.rs|/.*)?" relative == null
    && (ofCrates == null || !any (module: below module (head ofCrates)) without);
in
{
  path = builtins.path { path = repository; name = "wfvm-source"; filter = path: _: wanted (substring start (-1) path); };
  # Whether a file of the repository is in it; asked of the names, so that nothing is copied for an answer.
  has = file: all wanted (parents file ++ [ file ]);
}
