# The documents as a site: docs, by mdBook. A warning of mdBook's or a link that
# leads to nothing fails the build.
room@{ pkgs, ... }:

let
  inherit (builtins) attrNames concatStringsSep head map match readDir;

  docs = builtins.path {
    path = ../../docs;
    name = "docs";
    # What is there to build the site is no part of it.
    filter = path: _: match ".*\\.nix" path == null;
  };

  # Pages of the reference that are made of the code: pages/NAME.nix is
  # docs/reference/NAME.md, which nix/checks/docs.nix holds to it.
  pages = pkgs.runCommand "wfvm-docs-pages" { } ("mkdir $out\n" + concatStringsSep "" (map
    (file: let name = head (match "(.*)\\.nix" file); in ''
      cp ${pkgs.writeText "${name}.md" (import (./pages + "/${file}") room)} $out/${name}.md
    '')
    (attrNames (readDir ./pages))));
in
pkgs.runCommand "wfvm-docs"
  {
    nativeBuildInputs = [ pkgs.mdbook pkgs.gawk pkgs.gnugrep pkgs.findutils ];
    summary = import ./summary.nix { docs = ../../docs; };
    passAsFile = [ "summary" ];
    inherit docs;
    passthru = { inherit pages; };
  } ''
  set -o pipefail
  mkdir book
  cp -r --no-preserve=mode $docs book/src
  mv book/src/book.toml book/src/site.css book/
  cp "$summaryPath" book/src/SUMMARY.md

  mdbook build --dest-dir "$PWD/site" book 2>&1 | tee log
  if grep -E 'WARN|ERROR' log; then
    echo 'error: mdBook warns about what stands above' >&2
    exit 1
  fi

  cd site
  mapfile -t files < <(find . -type f)
  gawk -f ${./links.awk} "''${files[@]}"
  cp -r . $out
''
