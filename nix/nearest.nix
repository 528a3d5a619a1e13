# Which of the known names somebody meant who wrote another one.
let
  inherit (builtins) elemAt filter foldl' genList length map stringLength substring;

  minimum = a: b: if a < b then a else b;
  letters = text: genList (index: substring index 1 text) (stringLength text);

  # Levenshtein's distance, one row of the table at a time.
  distance = left: right:
    let
      columns = letters right;
      next = row: letter:
        foldl'
          (done: column:
            let
              index = length done - 1;
              substitution = elemAt row index + (if letter == column then 0 else 1);
              insertion = elemAt done index + 1;
              deletion = elemAt row (index + 1) + 1;
            in
            done ++ [ (minimum substitution (minimum insertion deletion)) ])
          [ (elemAt row 0 + 1) ]
          columns;
      last = foldl' next (genList (index: index) (length columns + 1)) (letters left);
    in
    elemAt last (length columns);
in
{
  /** The nearest of `known`, or null when none is near.   # Type  nearest :: [String] -> String -> String | null */
  nearest = known: name:
    let
      # A third of the letters may be wrong; more is another word.
      limit = stringLength name / 3 + 1;
      rated = map (candidate: { inherit candidate; rating = distance name candidate; }) known;
      best = foldl' (a: b: if a == null || b.rating < a.rating then b else a) null rated;
    in
    if best == null || best.rating > limit then null else best.candidate;

  inherit distance;
}
