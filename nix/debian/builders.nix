# The functions of nixpkgs that make a derivation from a few words of shell,
# with nixpkgs' names, arguments and results.
{ system, tools }:

let
  inherit (builtins) concatStringsSep isList removeAttrs;

  # Directories named by a package or by a plain store path.
  programs = packages: concatStringsSep ":" (map (package: "${package}/bin") (packages ++ [ tools ]));

  # Written out by the shell, as `$1`: no program of the sandbox's is needed.
  shellWord = text: "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString text) + "'";

  # What stdenv.mkDerivation does for a derivation that has one phase only.
  shellDerivation = attributes: import ../derivation.nix
    ({ name, buildCommand, buildInputs ? [ ], nativeBuildInputs ? [ ], ... }@given:
      removeAttrs given [ "buildInputs" "nativeBuildInputs" ] // {
        inherit system;
        builder = "${tools}/bin/bash";
        args = [ "-e" ./builders.sh ];
        passAsFile = [ "buildCommand" ] ++ given.passAsFile or [ ];
        PATH = programs (nativeBuildInputs ++ buildInputs);
      })
    (_: attributes);

  stripHash = path: builtins.baseNameOf (toString path);
in
rec {
  inherit system;

  stdenv = {
    hostPlatform = { inherit system; isx86_64 = true; isLinux = true; };
    buildPlatform = stdenv.hostPlatform;
    inherit system;
  };

  lib = {
    getExe = package: "${package}/bin/${package.meta.mainProgram or package.pname or package.name}";
    getExe' = package: program: "${package}/bin/${program}";
    makeBinPath = packages: concatStringsSep ":" (map (package: "${package}/bin") packages);
    escapeShellArg = shellWord;
    escapeShellArgs = words: concatStringsSep " " (map shellWord words);
  };

  runCommand = name: attributes: buildCommand:
    shellDerivation (attributes // { inherit name buildCommand; });
  runCommandLocal = runCommand;
  runCommandNoCC = runCommand;

  writeTextFile =
    { name, text, executable ? false, destination ? "", meta ? { }, ... }:
    runCommand name { inherit text meta; passAsFile = [ "text" ]; } ''
      target=$out${shellWord destination}
      mkdir -p "$(dirname "$target")"
      cp "$textPath" "$target"
      ${if executable then ''chmod +x "$target"'' else ""}
    '';

  writeText = name: text: writeTextFile { inherit name text; };
  writeScript = name: text: writeTextFile { inherit name text; executable = true; };
  writeScriptBin = name: text: writeTextFile {
    inherit name text;
    executable = true;
    destination = "/bin/${name}";
    meta.mainProgram = name;
  };
  writeShellScript = name: text: writeScript name "#!${tools}/bin/bash\n${text}";
  writeShellScriptBin = name: text: writeScriptBin name "#!${tools}/bin/bash\n${text}";
  writeShellApplication = { name, text, runtimeInputs ? [ ], ... }: writeShellScriptBin name ''
    set -o errexit -o nounset -o pipefail
    export PATH="${programs runtimeInputs}:$PATH"
    ${text}
  '';

  linkFarm = name: entries: runCommand name { } (
    "mkdir -p $out\n" + concatStringsSep "\n" (map
      (entry: ''mkdir -p "$out/$(dirname ${shellWord entry.name})"; ln -s ${entry.path} $out/${shellWord entry.name}'')
      (if isList entries then entries else builtins.attrValues (builtins.mapAttrs (name: path: { inherit name path; }) entries)))
  );

  symlinkJoin = { name, paths, ... }: runCommand name { } ''
    mkdir -p $out
    for path in ${concatStringsSep " " (map toString paths)}; do cp -rsf --no-preserve=mode "$path/." $out; done
  '';

  fetchurl = { url ? builtins.head urls, urls ? [ url ], name ? stripHash url, hash ? "", sha256 ? "", executable ? false, ... }:
    import <nix/fetchurl.nix> ({ inherit url name executable; } // (if hash != "" then { inherit hash; } else { inherit sha256; }));

  requireFile =
    { name ? stripHash url, sha256 ? "", hash ? "", url ? "", message ? "Please add ${name} from ${url}:\n  nix-store --add-fixed sha256 ${name}", ... }:
    runCommand name {
      outputHashMode = "flat";
      outputHash = if hash != "" then hash else sha256;
      outputHashAlgo = if hash != "" then null else "sha256";
      inherit message;
    } ''
      printf '\n***\n%s\n***\n' "$message" >&2
      exit 1
    '';
}
