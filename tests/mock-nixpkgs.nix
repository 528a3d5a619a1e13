# A nixpkgs in the shape that it has in a release: it has the attributes that
# nix/nixpkgs-attributes.md lists for it, and no others, so whatever asks for more
# does not evaluate, and Nix names it. Nothing of it can be built.
{
  # One of `releases`.
  release ? "25.11",
  # Attributes that are taken out.
  without ? [ ],
}:

let
  inherit (builtins) elem elemAt filter head isFunction isString listToAttrs map match readFile split unsafeDiscardStringContext;

  releases = [ "2020-06" "23.11" "25.05" "25.11" "unstable" ];
  of2020 = release == "2020-06";

  # The first table of the page.
  lines = filter isString (split "\n" (head (split "\n## " (readFile ../nix/nixpkgs-attributes.md))));
  # Name up to a dot or a blank, shape, and since when: empty is 2020.
  rows = map (row: { name = elemAt row 0; shape = elemAt row 1; since = elemAt row 2; })
    (filter (row: row != null) (map (match "\\| `([A-Za-z0-9_-]+)[^|]*\\| ([^|]*) \\| ([^|]*) \\|.*") lines));
  # What a nixpkgs has of its own accord.
  documented = map (row: row.name) (filter (row: match "optional.*" row.shape == null && !(of2020 && row.since != "")) rows);

  # Everything that is given makes the derivation another one, as it would.
  package = name: given: derivation (given.attributes or { } // {
    name = unsafeDiscardStringContext name;
    system = "x86_64-linux";
    builder = "/none";
    given = builtins.toJSON given;
  }) // {
    inherit (given) meta passthru;
    overrideAttrs = change: package name (given // change given);
  } // given.passthru;
  simple = name: package name { meta.mainProgram = name; passthru = { }; };
  # Whose programs lie in an output of their own.
  split' = name: simple name // { bin = simple "${name}-bin"; };
  made = name: text: meta: if isString text then package name { inherit text meta; passthru = { }; } else throw "${name}: the text is not a string";

  firmware = {
    fd = simple "OVMF-fd";
  } // (if of2020 then { } else {
    firmware = "${simple "OVMF-fd"}/FV/OVMF_CODE.fd";
    variables = "${simple "OVMF-fd"}/FV/OVMF_VARS.fd";
  });

  fetched = { url ? "", urls ? [ ], sha256, name ? baseNameOf (if url == "" then head urls else url) }:
    if (url == "") == (urls == [ ]) then throw "fetchurl requires either `url` or `urls` to be set: ${toString urls} ${url}"
    else if match "[a-zA-Z0-9+._?=-]+" name == null then throw "fetchurl: ${name} cannot be a store path"
    else simple name // { outputHashMode = "flat"; outputHash = sha256; };

  # Written out in each release: the crates are fetched by the lock file's own hashes.
  rust = { pname, version, src, cargoLock, postPatch ? "", cargoBuildFlags ? [ ], buildNoDefaultFeatures ? false, buildFeatures ? [ ], doCheck ? true, postInstall ? "", meta ? { } }:
    package "${pname}-${version}" {
      inherit meta postPatch postInstall buildFeatures;
      lock = readFile cargoLock.lockFile;
      source = "${src}";
      passthru = { };
    };

  shapes = {
    stdenv.hostPlatform.system = "x86_64-linux";
    lib.escapeShellArg = text: "'${text}'";
    OVMF = simple "OVMF" // firmware;
    OVMFFull = simple "OVMF" // firmware;
    python3Packages.virt-firmware = simple "virt-firmware";
    # Modules are an output of their own since 2025.
    linux = simple "linux" // { target = "bzImage"; } // (if elem release [ "25.11" "unstable" ] then { modules = simple "linux-modules"; } else { });
    bzip2 = split' "bzip2";
    libxml2 = split' "libxml2";
    openssl = split' "openssl";
    xz = split' "xz";
    zstd = split' "zstd";
    tesseract = simple "tesseract" // { override = { enableLanguages }: package "tesseract" { inherit enableLanguages; meta = { }; passthru = { }; }; };
    writeText = name: text: made name text { };
    writeShellScript = name: text: made name text { };
    writeShellScriptBin = name: text: made name text (if of2020 then { } else { mainProgram = name; });
    runCommand = name: attributes: script:
      (package name {
        # As nixpkgs' has them: what is overridden, or built elsewhere, is read from there.
        attributes = removeAttrs attributes [ "meta" "passthru" ] // {
          outputs = attributes.outputs or [ "out" ];
          buildCommand = script;
          stdenv = "/none";
          args = [ "-e" "/none" ];
        };
        inherit script;
        inputs = map (input: "${input}") (attributes.nativeBuildInputs or [ ] ++ attributes.buildInputs or [ ]);
        # All else is the environment.
        given = builtins.toJSON (removeAttrs attributes [ "nativeBuildInputs" "buildInputs" "meta" "passthru" ]);
        meta = attributes.meta or { };
        passthru = removeAttrs attributes [ "passthru" ] // attributes.passthru or { };
      }) // {
        overrideAttrs = change: shapes.runCommand name (attributes // (if isFunction change then change attributes else change)) script;
      };
    requireFile = { name, sha256, message }: simple name // { outputHashMode = "flat"; outputHash = sha256; };
    fetchurl = fetched;
    mkShell = { packages }: package "nix-shell" { inputs = map (input: "${input}") packages; meta = { }; passthru = { }; };
    pkgsCross.mingwW64.stdenv.cc = simple "x86_64-w64-mingw32-gcc-wrapper";
    pkgsStatic.rustPlatform.buildRustPackage =
      if of2020 then _: throw "assertion '((cargoVendorDir == null) -> (cargoSha256 != \"unset\"))' failed" else rust;
  };
in
if !(elem release releases) then throw "mock-nixpkgs: there is no release `${release}`" else {
  inherit documented releases;
  pkgs = listToAttrs (map
    (name: {
      inherit name;
      # Thrown, as `builtins.tryEval` does not catch Nix's own error.
      value = if elem name without then throw "this nixpkgs has no attribute `${name}`" else shapes.${name} or (simple name);
    })
    documented);
}
