# SUMMARY.md, from which mdBook makes the table of contents.
#
# A page is registered by being there. Its title is its first line; docs/README.md,
# the index, gives the order: of the directories by its headings, of their pages by
# its links. A page that it does not name comes last.
{ docs }:

let
  inherit (builtins) attrNames concatMap concatStringsSep elem filter foldl' head isList isString match readDir readFile replaceStrings split;

  upper = [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ];
  lower = [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];
  anchor = heading: replaceStrings (upper ++ [ " " ]) (lower ++ [ "-" ]) heading;

  matches = pattern: text: map head (filter isList (split pattern text));
  index = readFile (docs + "/README.md");
  headings = matches "\n## ([^\n]+)" index;
  # Each once, where it is named first.
  links = foldl' (known: link: if elem link known then known else known ++ [ link ]) [ ]
    (matches "]\\(([a-z0-9/-]+\\.md)[)#]" index);

  title = page:
    # Of one line alone: a `.*` over a whole page may want more stack than Nix has.
    let found = match "# (.+)" (head (split "\n" (readFile (docs + "/${page}")))); in
    if found == null then throw "docs/${page}: its first line should be its title, `# …`." else head found;
  entry = page: "[${title page}](${page})";

  pagesOf = directory:
    let
      there = map (file: "${directory}/${file}") (filter (file: match ".*\\.md" file != null) (attrNames (readDir (docs + "/${directory}"))));
    in
    filter (page: elem page there) links ++ filter (page: !(elem page links)) there;

  directories = filter (name: (readDir docs).${name} == "directory") (attrNames (readDir docs));
  nameless = filter (directory: !(elem directory (map anchor headings))) directories;
  part = heading: "# ${heading}\n\n" + concatStringsSep "" (map (page: "- ${entry page}\n") (pagesOf (anchor heading)));
in
if nameless != [ ]
then throw "docs/README.md has no heading for docs/${head nameless}, such as `## ${head nameless}`."
else concatStringsSep "\n" ([ "# Summary\n" "${entry "README.md"}\n" ] ++ map part headings)
