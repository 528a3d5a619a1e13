# The documents are a site with every page, and a link that leads to nothing would be seen.
{ pkgs, product, ... }:

pkgs.runCommand "check-docs"
  {
    nativeBuildInputs = [ pkgs.gawk pkgs.gnugrep pkgs.findutils pkgs.diffutils ];
    site = product.docs;
  } ''
  fact() { if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; failed=1; fi; }
  failed=

  cd ${product.docs.docs}
  pages=(*/*.md)
  lost=
  for page in "''${pages[@]}"; do
    page=''${page%.md}.html
    [ -s "$site/$page" ] && grep -q "href=\"$page\"" "$site/toc.html" || lost="$lost $page"
  done
  fact "all ''${#pages[@]} pages are in the site and its contents, but for" "$lost" ""

  for page in ${product.docs.pages}/*.md; do
    diff -u "reference/''${page##*/}" "$page" >&2 || {
      echo 'docs/reference is not what the code says (above); this repairs it:' >&2
      echo '  cp --no-preserve=mode $(scripts/nix build --no-link --print-out-paths -f docs/site.nix pages)/* docs/reference/' >&2
      failed=1
    }
  done

  mkdir -p "$NIX_BUILD_TOP/site/a"
  cd "$NIX_BUILD_TOP/site"
  links() { gawk -f ${../docs/links.awk} $(find . -type f) 2>&1 || echo refused; }
  echo '<h1 id="top">x</h1> <a href="a/b.html#here">' > index.html
  echo '<p id="here"> <a href="../index.html#top"> <a href="#here"> <a href="../#top"> <a href="https://example.org/">' > a/b.html
  fact "links that lead somewhere are taken" "$(links)" "4 links lead to where they say"
  echo '<a href="b.html#there">' > a/c.html
  fact "a place that is not there is named" "$(links)" "a/c.html: the link to b.html#there leads to nothing: a/b.html has no #there
  refused"
  echo '<a href="../d.html">' > a/c.html
  fact "so is a page" "$(links)" "a/c.html: the link to ../d.html leads to nothing: there is no d.html
  refused"
  echo '<a href="../../docs.html">' > a/c.html
  fact "and one outside of the site" "$(links)" "a/c.html: the link to ../../docs.html leads to nothing: there is no ../docs.html
  refused"

  [ -z "$failed" ] || exit 1
  touch $out
''
