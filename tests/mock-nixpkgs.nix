# A package set with the attributes that nix/nixpkgs-attributes.md lists, and no
# others: whatever asks for more does not evaluate. Nothing of it can be built.
{
  # Those that a nixpkgs of old lacks.
  without ? [ ],
}:

let
  inherit (builtins) elem filter head isString listToAttrs map match readFile split unsafeDiscardStringContext;

  rows = filter (line: isString line && match "\\| `.*" line != null) (split "\n" (readFile ../nix/nixpkgs-attributes.md));
  # The first column's first word, up to a dot, a blank or the closing mark.
  documented = map (row: head (match "\\| `([A-Za-z0-9_-]+).*" row)) rows;

  # Everything that is given makes the derivation another one, as it would.
  package = name: given: derivation {
    name = unsafeDiscardStringContext name;
    system = "x86_64-linux";
    builder = "/none";
    given = builtins.toJSON given;
  } // {
    inherit (given) meta passthru;
    overrideAttrs = change: package name (given // change given);
  } // given.passthru;
  simple = name: package name { meta.mainProgram = name; passthru = { }; };
  made = name: text: package name { inherit text; meta = { }; passthru = { }; };

  shapes = {
    stdenv.hostPlatform.system = "x86_64-linux";
    OVMF.fd = simple "OVMF-fd";
    writeText = name: text: made name text;
    writeShellScript = name: text: made name text;
    writeShellScriptBin = name: text: made name text;
    runCommand = name: attributes: script:
      package name {
        inherit script;
        inputs = map (input: "${input}") (attributes.nativeBuildInputs or [ ] ++ attributes.buildInputs or [ ]);
        meta = attributes.meta or { };
        passthru = attributes.passthru or { };
      };
    requireFile = { name, sha256, message }: simple name;
    fetchurl = { url, sha256, name ? baseNameOf url }: simple name;
  };
in
{
  inherit documented;
  pkgs = listToAttrs (map (name: { inherit name; value = shapes.${name} or (simple name); })
    (filter (name: !(elem name without)) documented));
}
