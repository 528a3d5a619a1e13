# The whole product as one attribute set, for any package set.
#
# What is asked of `pkgs`: nix/nixpkgs-attributes.md.
{
  pkgs,
  # Programs of this repository: built by nixpkgs' Rust, or given by who built them.
  wfvm-nix-builder ? pkgs.wfvm-nix-builder or (import ./packages/wfvm-nix-builder.nix { inherit pkgs; }),
  # The same with one task alone, by its subcommand, for images: nix/packages/builders.nix.
  imageBuilders ? builtins.mapAttrs (_: name: pkgs.${name} or (import ./packages/wfvm-nix-builder.nix { inherit pkgs name; })) {
    install = "wfvm-install-builder";
    layer = "wfvm-layer-builder";
  },
}:

let
  inherit (builtins) attrNames listToAttrs map match readDir;

  # A function is registered by its file: NAME.nix is the attribute NAME.
  byFile = directory: load: listToAttrs (map
    (file: let name = builtins.head (match "(.*)\\.nix" file); in { inherit name; value = load (directory + "/${file}"); })
    (builtins.filter (file: match ".*\\.nix" file != null) (attrNames (readDir directory))));

  # Characters that a store path may not have, as nixpkgs' mkDerivation replaces them.
  storeName = text:
    let parts = builtins.split "[^[:alnum:]+._?=-]+" text;
    in builtins.concatStringsSep "-" (builtins.filter builtins.isString parts);

  check = import ./check.nix;

  # A program of ours with one subcommand is the builder; its one input is the spec.
  specDerivation = program: subcommand: import ./derivation.nix
    ({ name, ... }@given: given // {
      name = storeName name;
      inherit (pkgs.stdenv.hostPlatform) system;
      builder = "${program}/bin/wfvm-nix-builder";
      args = [ subcommand ];
      # An attribute of its own in the environment may have no more than 128 KiB.
      __structuredAttrs = true;
    });

  # What is on whatever a guest can be started from.
  startable = image: {
    run = arguments: product.wfvm-run (arguments // { inherit image; });
    debug = import ./debug.nix room image;
  };

  imageDerivation = { subcommand, ... }@attributes: specDerivation imageBuilders.${subcommand} subcommand (final:
    let image = final.finalPackage; in
    removeAttrs attributes [ "subcommand" ] // {
      # The disk, and what else belongs to its machine: UEFI variables, the TPM's state.
      outputs = [ "out" "state" ];
      # Whoever builds an image by name wants the disk.
      meta = { outputsToInstall = [ "out" ]; } // (attributes.meta or { });
      passthru = attributes.passthru image // startable image // {
        inherit (final) spec;
        dir = import ./image-directory.nix room image;
        # Lazily: a template of its own is built when one is wanted.
        revived = product.reviveWindowsVM image;
      };
    });

  # { "a sentence" = [ actual expected ]; } as a derivation that builds if all are equal.
  facts = name: sentences:
    let
      broken = builtins.filter (sentence: let pair = sentences.${sentence}; in builtins.elemAt pair 0 != builtins.elemAt pair 1)
        (attrNames sentences);
      line = sentence: let pair = sentences.${sentence}; in
        "${sentence}\n  is        ${builtins.toJSON (builtins.elemAt pair 0)}\n  should be ${builtins.toJSON (builtins.elemAt pair 1)}";
    in
    pkgs.runCommand "check-${name}"
      {
        report = builtins.unsafeDiscardStringContext (builtins.concatStringsSep "\n" (map line broken));
        passAsFile = [ "report" ];
        count = builtins.length (attrNames sentences);
      } ''
      if [ -s "$reportPath" ]; then cat "$reportPath" >&2; exit 1; fi
      echo "$count facts hold" | tee $out
    '';

  room = {
    inherit pkgs check imageBuilders imageDerivation specDerivation startable storeName wfvm-nix-builder product;
    sources = import ./sources.nix { inherit pkgs; };
    network = import ./network.nix { inherit check; };
    spec = import ./spec.nix { inherit pkgs; inherit (room) network settings; };
    settings = import ./settings.nix { inherit check; };
    machineArguments = import ./machine.nix { inherit check; };
    started = import ./started.nix { inherit (room) machineArguments spec; };
    startedWith = import ./started-with.nix { inherit check; inherit (room) machineArguments started; };
    layer = import ./layer.nix room;
    layering = import ./layering.nix { inherit check; };
    program = import ./program.nix room;
    linuxGuest = import ./linux-guest.nix room;
    linuxVM = import ./linux-vm.nix room;
    windowsDerivation = import ./windows-derivation.nix room;
    windows = import ./windows.nix {
      guests = byFile ./guest-os (file: import file { inherit (room) sources; inherit (product) referenceGuest; });
    };
  };

  product = import ./not-carried.nix // byFile ./lib (file: import file room) // {
    inherit wfvm-nix-builder;

    # Included layers, for `makeWindowsImage { layers = [ … ]; }`.
    layers = byFile ./layers (file: import file room);

    # The ISO of the reference guest, and the UEFI variables of a machine that trusts its signature.
    referenceGuest = let made = import ./reference-guest {
      inherit pkgs;
      guestPackages = pkgs.debianTrees.reference-guest or (import ./debian/locked.nix {
        inherit pkgs;
        name = "reference-guest";
        lock = ./reference-guest/packages.lock;
      });
      referenceGuestBinary = "${pkgs.reference-guest or (import ./packages/reference-guest.nix { inherit pkgs; })}/bin/reference-guest";
    }; in made.iso // { inherit (made) firmwareVariables; };

    # The documents as a site.
    docs = import ./docs room;

    # An installed reference guest, ready for wfvm-run.
    demoImage = import ../examples/demo-image.nix { inherit pkgs; wfvm = product; };

    # Ring 6 of the tests: each builds, or its log says which fact does not hold.
    checks = byFile ./checks (file: import file (room // { inherit facts; }));
  };
in
product
