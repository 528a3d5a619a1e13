# Every function of nix/lib and every layer of nix/layers: its doc comment, and what
# each argument may be, as its type says it.
#
# The files are loaded once more with a `check` that keeps the fields of a function
# instead of making it, so that none of them has to list its arguments twice.
room@{ check, layering, ... }:

let
  inherit (builtins)
    attrNames concatStringsSep elemAt filter foldl' head isAttrs isBool isInt isList isString length map match readDir readFile
    replaceStrings split;

  keeping = room // {
    check = check // { function = _: fields: _: { call = "an argument"; inherit fields; }; };
    layering = layering // { overridable = _: fields: _: { call = ".override"; inherit fields; }; };
  };

  lines = text: filter isString (split "\n" text);
  unindented = line: head (match " *(.*[^ ])? *" line);

  # The paragraphs of a file's doc comment; the one after `# Type` is code.
  documentation = file:
    let
      parts = filter isString (split "/\\*\\*|\\*/" (readFile file));
      text = if length parts < 3 then throw "${toString file}: its value should have a doc comment, `/** … */`." else elemAt parts 1;
      step = state: line:
        if line == "# Type" then state // { code = true; }
        else if line != null then state // { open = state.open ++ [ line ]; }
        else if state.open == [ ] then state
        else state // { open = [ ]; code = false; done = state.done ++ [ (paragraph state) ]; };
      paragraph = state:
        let joined = concatStringsSep "\n" state.open; in
        if state.code then "```text\n${joined}\n```" else joined;
      end = foldl' step { open = [ ]; code = false; done = [ ]; } (map unindented (lines text) ++ [ null ]);
    in
    concatStringsSep "\n\n" end.done;

  # { NAME = the comment above `NAME = { type`; } of a file.
  comments = file:
    (foldl'
      (state: line:
        let
          comment = match " *# (.*)" line;
          field = match " *([A-Za-z_]+) = \\{ *((type|inherit).*)?" line;
        in
        if comment != null then state // { text = state.text ++ comment; }
        else if field != null && state.text != [ ]
        then { text = [ ]; found = { ${head field} = concatStringsSep " " state.text; } // state.found; }
        else state // { text = [ ]; })
      { text = [ ]; found = { }; }
      (lines (readFile file))).found;

  # A value as one writes it in Nix; of a derivation, what it is.
  written = value:
    if value == null then "null"
    else if isBool value then (if value then "true" else "false")
    else if isInt value then toString value
    else if isString value then builtins.toJSON value
    else if isList value then (if value == [ ] then "[ ]" else "[ ${concatStringsSep " " (map written value)} ]")
    else if value.type or null == "derivation" then value.name
    else if value == { } then "{ }"
    else "{ ${concatStringsSep " " (map (name: "${name} = ${written value.${name}};") (attrNames value))} }";

  # A cell of a table; `|` would end it.
  cell = replaceStrings [ "|" ] [ "\\|" ];
  row = columns: "| ${concatStringsSep " | " columns} |\n";

  table = { fields, meaning ? null }:
    let columns = [ "argument" "is" "default" ] ++ (if meaning == null then [ ] else [ "meaning" ]); in
    row columns
    + row (map (_: "---") columns)
    + concatStringsSep "" (map
      (name:
        let field = fields.${name}; in
        row ([
          "`${name}`"
          (cell field.type.says)
          (if field ? default then "`${cell (written field.default)}`" else "")
        ] ++ (if meaning == null then [ ] else [ (cell (meaning.${name} or "")) ])))
      (attrNames fields));

  names = directory: map (file: head (match "(.*)\\.nix" file)) (filter (file: match ".*\\.nix" file != null) (attrNames (readDir directory)));

  # The page that has a function's name for its title, and there the meanings.
  reference = ../../../docs/reference;
  pageOf = name: filter (page: head (split "\n" (readFile (reference + "/${page}"))) == "# `${name}`")
    (filter (page: match ".*\\.md" page != null) (attrNames (readDir reference)));
  ofFunction = name:
    let
      file = ../../lib + "/${name}.nix";
      page = pageOf name;
      own = page != [ ];
      value = import file keeping;
    in
    "## `${name}`\n\n${documentation file}\n"
    + (if own then "\nWhat each argument means: [`${name}`](${head page}).\n" else "")
    # Some are data, or functions of what is no set.
    + (if value ? call then "\n" + table ({ inherit (value) fields; } // (if own then { } else { meaning = comments file; })) else "");

  ofLayer = name:
    let
      file = ../../layers + "/${name}.nix";
      layer = import file keeping;
    in
    "### `${name}`\n\n${documentation file}\n"
    + (if isAttrs layer && layer ? call then "\n" + table { inherit (layer) fields; meaning = comments file; } else "");
in
''
  # Functions and their types

  What the code itself says of each function of `wfvm`: its doc comment, and what its arguments may be.

  ${concatStringsSep "\n" (map ofFunction (names ../../lib))}
  ## `layers`

  [Included layers](layers.md) has them in a table. Arguments of a layer are given by `.override { … }` where it is a record, and
  at once where it is a function.

  ${concatStringsSep "\n" (map ofLayer (names ../../layers))}''
