# Types for the arguments of our functions, and the messages that refuse a value.
#
# A type is { says, problems, fill }: `problems path value` lists what is wrong,
# as sentences; `fill value` is the value with the defaults of its parts.
let
  inherit (builtins)
    attrNames attrValues concatLists concatStringsSep elem filter genList elemAt hasAttr
    isAttrs isBool isFloat isFunction isInt isList isPath isString length map mapAttrs stringLength substring;
  inherit (import ./nearest.nix) nearest;

  quoted = name: "`${name}`";
  article = value:
    if value == null then "null"
    else if isString value then ''a string ("${shortened value}")''
    else if isBool value then "the boolean ${if value then "true" else "false"}"
    else if isInt value then "the integer ${toString value}"
    else if isFloat value then "the number ${toString value}"
    else if isPath value then "a path (${toString value})"
    else if isList value then "a list of ${toString (length value)}"
    else if isFunction value then "a function"
    else if value.type or null == "derivation" then "the derivation ${value.name}"
    else "a set with ${if value == { } then "no attributes" else concatStringsSep ", " (map quoted (attrNames value))}";
  # Without its context: a message must not need a build.
  shortened = text:
    let plain = builtins.unsafeDiscardStringContext text;
    in if stringLength plain > 60 then "${substring 0 57 plain}…" else plain;

  didYouMean = known: name:
    let candidate = nearest known name;
    in if candidate == null then " Known are ${concatStringsSep ", " (map quoted known)}." else " Did you mean ${quoted candidate}?";

  wrong = says: path: value: [ "${quoted path} is ${article value}, but it should be ${says}." ];

  type = says: holds: {
    inherit says;
    problems = path: value: if holds value then [ ] else wrong says path value;
    fill = value: value;
  };

  enumerate = function: list: genList (index: function index (elemAt list index)) (length list);

  types = rec {
    string = type "a string" isString;
    bool = type "true or false" isBool;
    int = says: least: type says (value: isInt value && value >= least);
    any = type "anything" (_: true);

    # What becomes a path inside a build.
    file = type "a derivation, a path, or a string that names a store path" (value:
      isPath value || isString value || isAttrs value && (value ? outPath));

    oneOf = names: rec {
      says = "one of ${concatStringsSep ", " (map (name: ''"${name}"'') names)}";
      problems = path: value:
        if isString value && elem value names then [ ]
        else if isString value && nearest names value != null
        then [ ''${quoted path} is "${value}". Did you mean "${nearest names value}"?'' ]
        else wrong says path value;
      fill = value: value;
    };

    # What takes null already stays as it is.
    nullOr = inner: if inner.problems "" null == [ ] then inner else {
      says = "${inner.says}, or null";
      problems = path: value:
        if value == null then [ ]
        else map (builtins.replaceStrings [ "should be ${inner.says}." ] [ "should be ${inner.says}, or null." ]) (inner.problems path value);
      fill = value: if value == null then null else inner.fill value;
    };

    listOf = inner: rec {
      says = "a list, each item ${inner.says}";
      problems = path: value:
        if !isList value then wrong says path value
        else concatLists (enumerate (index: inner.problems "${path}[${toString index}]") value);
      fill = map inner.fill;
    };

    attrsOf = inner: rec {
      says = "a set, each value ${inner.says}";
      problems = path: value:
        if !isAttrs value then wrong says path value
        else concatLists (attrValues (mapAttrs (name: inner.problems "${path}.${name}") value));
      fill = mapAttrs (_: inner.fill);
    };

    # The first alternative whose own test holds; `either` is for values that
    # differ in kind, such as a string or a set.
    either = first: second: rec {
      says = "${first.says}, or ${second.says}";
      chosen = value: if first.problems "" value == [ ] then first else second;
      problems = path: value:
        if first.problems path value == [ ] then [ ]
        else if isAttrs value || isList value then second.problems path value
        else if second.problems path value == [ ] then [ ]
        else wrong says path value;
      fill = value: (chosen value).fill value;
    };

    # A set with known names only. A field is { type, default ? }; without a
    # default it must be given. `default = null` of a type that does not take
    # null means absent.
    record = recordThat (known: path: name: [ "there is no ${quoted (path + name)}.${didYouMean known name}" ]);

    # A set that may have other attributes as well, for values that come from
    # many hands; what is nearly a known name is a mistake all the same.
    openRecord = recordThat (known: path: name:
      if nearest known name == null then [ ]
      else [ "there is no ${quoted (path + name)}. Did you mean ${quoted (nearest known name)}?" ]);

    recordThat = unknown: fields: rec {
      says = "a set with ${concatStringsSep ", " (map quoted (attrNames fields))}";
      problems = path: value: if !isAttrs value then wrong says path value else problemsIn "${path}." value;
      problemsIn = prefix: value:
        concatLists (map (unknown (attrNames fields) prefix) (filter (name: !(hasAttr name fields)) (attrNames value)))
        ++ concatLists (attrValues (mapAttrs
          (name: field:
            if !(hasAttr name value)
            then if field ? default then [ ] else [ "${quoted (prefix + name)} is missing: it should be ${field.type.says}." ]
            else if field ? default && value.${name} == field.default then [ ]
            else field.type.problems (prefix + name) value.${name})
          fields));
      fill = value: mapAttrs
        (name: field:
          let given = value.${name} or field.default;
          in if given == null then null else field.type.fill given)
        fields;
    };
  };
in
types // {
  inherit didYouMean;

  /** A function of one closed set of arguments.

     # Type  function :: String -> { NAME = { type, default ? } } -> (arguments -> a) -> arguments -> a

     The body sees every field; what is wrong with the arguments fails the
     evaluation, all of it in one message. `.problems` lists it instead, `.fields`
     is for a function that takes the same and more; `__functionArgs` is the
     convention of nixpkgs for a function that is a set. */
  function = name: fields: body:
    let arguments = types.record fields;
    in {
      inherit fields;
      __functionArgs = mapAttrs (_: field: field ? default) fields;
      problems = given:
        if isAttrs given then arguments.problemsIn "" given else [ "its argument is ${article given}, but it should be a set." ];
      __functor = self: given:
        let problems = self.problems given;
        in
        if problems == [ ] then body (arguments.fill given)
        else throw (concatStringsSep "\n" (map (problem: "wfvm.${name}: ${problem}") problems));
    };
}
