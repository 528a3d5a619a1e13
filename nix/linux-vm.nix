# A derivation whose builder runs in a Linux guest: what wfvm.runInLinuxVM and
# wfvm.runInLinuxImage share.
{ check, linuxGuest, pkgs, spec, wfvm-nix-builder, ... }:

let
  inherit (builtins) attrNames concatLists concatStringsSep elem filter intersectAttrs isBool isInt isPath isString
    listToAttrs map match removeAttrs;

  # nixpkgs and its users give numbers as strings and truth as "1", since both
  # are one in an environment.
  numeric = least: says: {
    inherit says;
    problems = path: value:
      if isInt value && value >= least || isString value && match "[1-9][0-9]*" value != null then [ ]
      else (check.int says least).problems path value;
    fill = value: if isString value then builtins.fromJSON value else value;
  };
  truth = {
    says = "true or false";
    problems = path: value: if isBool value || elem value [ "" "1" ] then [ ] else check.bool.problems path value;
    fill = value: value == true || value == "1";
  };

  # The attributes of a derivation that are for the guest.
  fields = {
    memSize = { type = numeric 64 "an integer number of MiB, at least 64"; default = 512; };
    QEMU_OPTS = { type = check.string; default = ""; };
    preVM = { type = check.string; default = ""; };
    postVM = { type = check.string; default = ""; };
    diskImage = { type = check.nullOr check.file; default = null; };
    diskImageFormat = { type = check.nullOr check.string; default = null; };
    enableParallelBuilding = { type = truth; default = false; };
    # A device of the guest's, or whether its first disk is the root.
    mountDisk = { type = check.either truth check.string; default = false; };
    accelerator = { type = check.oneOf [ "kvm" "tcg" "auto" ]; default = "kvm"; };
    bootTimeoutSeconds = { type = numeric 1 "an integer number of seconds"; default = null; };
    timeoutSeconds = { type = numeric 1 "an integer number of seconds"; default = null; };
  };

  # In nixpkgs' structured attributes the variables are a set of their own.
  attributesOf = drvAttrs: drvAttrs.env or { } // removeAttrs drvAttrs [ "env" ];

  settings = function: drvAttrs:
    let
      given = filter (name: (attributesOf drvAttrs).${name} or null != null) (attrNames (intersectAttrs fields (attributesOf drvAttrs)));
      values = listToAttrs (map (name: { inherit name; value = (attributesOf drvAttrs).${name}; }) given);
      problems = concatLists (map (name: fields.${name}.type.problems name values.${name}) given);
    in
    if problems == [ ] then (check.record fields).fill values
    else throw (concatStringsSep "\n" (map (problem: "wfvm.${function}: ${problem}") problems));

  # As a derivation's own attributes become words.
  word = value: if isString value || isPath value || value ? outPath then "${value}" else toString value;

  # Of a function's author, or of builtins.derivation.
  overridable = drv:
    if drv ? overrideAttrs then drv
    else import ./derivation.nix (attributes: attributes)
      (_: drv.drvAttrs // { passthru = drv.passthru or { }; meta = drv.meta or { }; });

  /* `change drvAttrs` are attributes of the result besides those that make it run in a guest;
     `settled settings` is what of the settings becomes different, and what the spec has besides. */
  wrap = { function, change ? _: { }, settled ? settings: settings }: given:
    let
      drv =
        if given ? drvAttrs then overridable given
        else throw "wfvm.${function}: its argument should be a derivation.";
      attributes = drv.drvAttrs // change drv.drvAttrs;
      guest = settled (settings function attributes);
      described = spec.linux {
        inherit (drv) name;
        inherit guest linuxGuest;
        builder = word attributes.builder;
        args = map word (attributes.args or [ ]);
      };
      specFile = pkgs.writeText "${drv.name}-linux.json" (builtins.toJSON described);
      features = attributes.requiredSystemFeatures or [ ];
      primitive = derivation (attributes // {
        builder = "${wfvm-nix-builder}/bin/wfvm-nix-builder";
        # In these Nix puts the paths of outputs, which it does not do in a file.
        args = [ "linux" "--spec" "${specFile}" ] ++ (if described.args == [ ] then [ ] else [ "--" ] ++ described.args);
        requiredSystemFeatures = features ++ filter (feature: guest.accelerator == "kvm" && !(elem feature features)) [ "kvm" ];
      });
      shared = drv.passthru or { } // {
        passthru = drv.passthru or { };
        meta = drv.meta or { };
        overrideAttrs = changed: wrap { inherit function change settled; } (drv.overrideAttrs changed);
        inherit specFile;
        spec = described;
        # vmTools' names of what runs in the guest.
        origBuilder = attributes.builder;
        origArgs = attributes.args or [ ];
      };
      outputs = listToAttrs (map (name: { inherit name; value = primitive.${name} // shared // { outputSpecified = true; }; })
        (primitive.outputs or [ "out" ]));
    in
    primitive // outputs // shared;
in
{ inherit numeric wrap; }
