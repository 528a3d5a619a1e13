{ check, product, ... }:

let
  inherit (builtins) filter fromJSON hasAttr intersectAttrs isString mapAttrs match removeAttrs split;

  theirs = product.makeWindowsImage.fields;

  # Expressions in the wild have numbers as strings.
  mib = check.either (check.int "an integer number of MiB" 1) (check.string // {
    says = "a string of digits";
    problems = path: value:
      if isString value && match "[1-9][0-9]*" value != null then [ ]
      else [ ''`${path}` is "${toString value}", but it should be an integer number of MiB, or a string of its digits.'' ];
  });
  number = value: if isString value then fromJSON value else value;

  locale = { type = check.nullOr check.string; default = null; };

  # As an unquoted variable of a shell's is split.
  words = text:
    if match ".*['\"\\\\$`*?].*" text != null
    then throw "wfvm.makeImageFromWindowsIso: `QEMU_OPTS` is split at blanks and has no quotation; `extraQemuFlags` takes a list of words: ${text}"
    else filter (word: isString word && word != "") (split "[ \t\n]+" text);
in
/** An image of Windows from its medium, in vmTools' words: what makeImageFromDebDist is
   for Debian. Arguments that are not in vmTools are those of makeWindowsImage.

   # Type

   makeImageFromWindowsIso :: { name, fullName, iso, edition, size ?, packages ?, extraPackages ?, postInstall ?, … } -> Derivation

   `fullName` is on the result, and in the file nix-support/full-name of its `.dir`. */
check.function "makeImageFromWindowsIso"
  (removeAttrs theirs [ "windowsImage" "imageSelection" "diskMib" "memoryMib" "layers" ] // {
    # Of the derivation; the image's name is made from it.
    name = { type = check.string; };
    # What the image is called, for people.
    fullName = { type = check.string; };
    # The medium; null: that of the guest.
    iso = { type = check.nullOr check.file; };
    # The image in it: a key of `editions`, its name, or { index }, { edition }, { name } or { description }.
    edition = { inherit (theirs.imageSelection) type; };
    # Of the disk, in MiB.
    size = { type = mib; default = 64 * 1024; };
    # Of the machine, in MiB; null: what the guest has by default.
    memSize = { type = check.nullOr mib; default = null; };
    # Layers; a release may have some by default.
    packages = { inherit (theirs.layers) type default; };
    # More layers, after those.
    extraPackages = { inherit (theirs.layers) type default; };
    # The script of one more layer, the last.
    postInstall = { type = check.string; default = ""; };
    # Words for QEMU's command line, with blanks between them.
    QEMU_OPTS = { type = check.string; default = ""; };
    # What the four below are unless they are given.
    language = { type = check.string; default = "en-US"; };
    uiLanguage = locale;
    inputLocale = locale;
    userLocale = locale;
    systemLocale = locale;
    # `fullName` of makeWindowsImage.
    registeredOwner = { inherit (theirs.fullName) type default; };
    # Of a release: editions by their EDITIONID, each { image ?, productKeys }.
    editions = { type = check.attrsOf check.any; default = { }; };
    # Of a release: what Setup takes at least, in MiB.
    minimum = {
      type = check.record { size = { type = check.int "an integer number of MiB" 0; default = 0; }; memSize = { type = check.int "an integer number of MiB" 0; default = 0; }; };
      default = { };
    };
    # Of a release: its build numbers, for reading.
    builds = { type = check.attrsOf (check.int "a build number" 1); default = { }; };
  })
  (given:
    let
      size = number given.size;
      memSize = number given.memSize;
      enough = name: value:
        value == null || value >= given.minimum.${name}
        || throw "wfvm.makeImageFromWindowsIso: `${name}` is ${toString value} MiB, but ${given.fullName} takes ${toString given.minimum.${name}} at least.";
      locales = mapAttrs (name: _: if given.${name} == null then given.language else given.${name})
        { uiLanguage = null; inputLocale = null; userLocale = null; systemLocale = null; };
      image = product.makeWindowsImage (intersectAttrs theirs given // locales // {
        windowsImage = given.iso;
        imageSelection =
          if isString given.edition && hasAttr given.edition given.editions then { inherit (given) edition; } else given.edition;
        diskMib = size;
        memoryMib = memSize;
        fullName = given.registeredOwner;
        extraQemuFlags = given.extraQemuFlags ++ words given.QEMU_OPTS;
        layers = given.packages ++ given.extraPackages
          ++ (if given.postInstall == "" then [ ] else [ { name = "${given.name}-post-install"; script = given.postInstall; } ]);
      });
    in
    assert enough "size" size && enough "memSize" memSize;
    image.overrideAttrs (previous: { passthru = previous.passthru // { inherit (given) fullName; }; }))
