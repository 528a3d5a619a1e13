# The schemas of the specs, docs/reference/spec-*.json, as tables: what the tasks take,
# then the parts, each once.
_:

let
  inherit (builtins)
    attrNames concatStringsSep elem filter foldl' fromJSON hasAttr head isAttrs isList listToAttrs map match readDir readFile
    replaceStrings toJSON;

  reference = ../../../docs/reference;
  files = filter (file: match "spec-.*\\.json" file != null) (attrNames (readDir reference));
  schemas = listToAttrs (map
    (file: { name = head (match "spec-(.*)\\.json" file); value = fromJSON (readFile (reference + "/${file}")); })
    files);
  parts = foldl' (known: task: known // schemas.${task}."$defs") { } (attrNames schemas);

  # In a cell of a table.
  cell = replaceStrings [ "|" "\n" ] [ "\\|" " " ];
  words = { string = "string"; integer = "integer"; boolean = "boolean"; object = "object"; null = "null"; };

  link = reference:
    let name = head (match "#/\\$defs/(.*)" reference); in "[${name}](#${lower name})";
  lower = replaceStrings
    [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ]
    [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];

  # What a value is. A schema of another shape than these is an error that shows it.
  kind = schema:
    if schema ? "$ref" then link schema."$ref"
    else if schema ? anyOf then concatStringsSep " or " (map kind schema.anyOf)
    else if schema ? oneOf then "one of those below"
    else if isList schema.type then concatStringsSep " or " (map (type: kind (schema // { inherit type; })) schema.type)
    else if schema.type == "array" then "list of ${kind schema.items}"
    else if schema ? additionalProperties && schema.additionalProperties != false then "${kind schema.additionalProperties}s by name"
    else words.${schema.type} or (throw "nix/docs/pages/spec-fields.nix: no words for ${toJSON schema}");

  fields = schema: ''
    | field | is | meaning |
    |---|---|---|
    ${concatStringsSep "" (map
      (name:
        let
          field = schema.properties.${name};
          default =
            if elem name (schema.required or [ ]) then ""
            else if field ? "$ref" && isAttrs (field.default or null) then "; absent: its defaults"
            else if hasAttr "default" field then "; absent: `${toJSON field.default}`"
            else "; may be absent";
        in
        "| `${name}` | ${kind field}${cell default} | ${cell (field.description or "")} |\n")
      (attrNames schema.properties))}'';

  # A word, or an object with one field of its own.
  choice = schema:
    if schema ? const then toJSON schema.const
    else "{ ${concatStringsSep ", " (map (name: "${toJSON name}: ${kind schema.properties.${name}}") (attrNames schema.properties))} }";

  choices = schema: ''
    | value | meaning |
    |---|---|
    ${concatStringsSep "" (map (alternative: "| `${choice alternative}` | ${cell (alternative.description or "")} |\n") schema.oneOf)}'';

  section = title: schema:
    "## ${title}\n\n${schema.description or ""}\n\n${if schema ? oneOf then choices schema else fields schema}";
in
''
  # Fields of the spec

  The schemas of [the spec](spec.md) as tables: one for each subcommand, then their parts. What is said of an
  absent field makes it optional.

  ${concatStringsSep "\n" (
    map (task: section "`${task}`" schemas.${task}) (attrNames schemas)
    ++ map (name: section name parts.${name}) (attrNames parts))}''
