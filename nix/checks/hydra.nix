# What keeps images from leaving a Hydra, as far as it can be seen without Hydra:
# nix/hydra/tests/run is the whole check, for who has Hydra's sources.
{ pkgs, ... }:

pkgs.runCommand "check-hydra" { nativeBuildInputs = [ pkgs.perl pkgs.gnused pkgs.gnugrep pkgs.diffutils ]; } ''
  set -o pipefail
  hydra=${../hydra}
  mkdir decision
  perl $hydra/tests/decision.pl $PWD/decision | tee facts
  count=$(sed 's/ .*//' facts)
  fact() { count=$((count + 1)); }
  fail() { printf '%s\n' "$@" >&2; exit 1; }

  # Files that have of Hydra's what the places look for, and other lines around it.
  stand_in() {
    local place file
    rm -rf stand-in
    mkdir -p stand-in/subprojects/{hydra/lib/Hydra/Helper,crates/binary-cache/src}
    for place in $hydra/places/*/*; do
      file=stand-in/$(sed -n 's/^file //p' $place)
      mkdir -p "$(dirname "$file")"
      { echo "before $place"; sed -n 's/^after \(.*\)/  \1 here/p' $place; echo "behind $place"; } >> "$file"
    done
  }
  inserted() { # PLACE
    echo "  $(grep '^after ' $1 | sed '$!d; s/^after //') here"
    sed '1,/^---$/d' $1
    echo "behind $1"
  }
  holds() { # PART WHOLE
    perl -e 'local $/; my ($part, $whole) = map { open(my $file, "<", $_) or die "$_: $!"; <$file> } @ARGV; exit(index($whole, $part) < 0)' "$@"
  }
  refused() { # WORDS: apply ends with an error that has them
    if bash $hydra/apply stand-in > said 2>&1; then fail "apply did not see: $1"; fi
    grep -qF "$1" said || fail "apply does not say \`$1\`, but:" "$(cat said)"
    fact
  }

  stand_in
  cp -r stand-in untouched
  bash $hydra/apply stand-in
  for place in $hydra/places/*/*; do
    # Each place asks, or brings what is asked.
    sed '1,/^---$/d' $place > text
    grep -qE 'isRestricted\(|leadsToRestricted\(|redistributable\(|is_restricted' text || fail "$place does not ask"
    # Its text is where it should be: behind the last words, as it is.
    file=stand-in/$(sed -n 's/^file //p' $place)
    inserted $place > expected
    holds expected $file || fail "the text of $place is not in $file:" "$(cat $file)"
    fact
  done
  # Nothing of Hydra's is lost.
  for file in $(cd untouched && find . -type f); do
    diff untouched/$file stand-in/$file > changes || true
    if grep '^<' changes; then fail "apply removed lines of $file"; fi
    fact
  done
  cmp $hydra/RestrictedPaths.pm stand-in/subprojects/hydra/lib/Hydra/Helper/RestrictedPaths.pm
  cmp $hydra/restricted_paths.rs stand-in/subprojects/crates/binary-cache/src/restricted_paths.rs

  refused "is there already"
  for place in $hydra/places/*/*; do
    name=$(basename "$(dirname $place)")/$(basename $place)
    file=$(sed -n 's/^file //p' $place)
    stand_in
    first=$(sed -n 's/^after //p' $place | sed '1!d')
    { echo "$first again"; cat stand-in/$file; } > twice
    cp twice stand-in/$file
    refused "\`$first\` is on "
    stand_in
    rm stand-in/$file
    refused "Hydra has no file $file"
    # One place alone is left out by name.
    stand_in
    bash $hydra/apply stand-in --without $name > said
    inserted $place > expected
    if holds expected stand-in/$file; then fail "$name was not left out"; fi
    fact
  done
  rm -rf stand-in
  mkdir stand-in
  refused "it has no folder \`subprojects\`"
  echo "$count facts hold" | tee $out
''
