{ check, layer, layering, spec, specDerivation, startable, started, startedWith, wfvm-nix-builder, ... }:

let
  inherit (builtins) attrNames intersectAttrs isAttrs match;

  seconds = { type = check.nullOr (check.int "an integer number of seconds" 1); default = null; };

  # What must not be redistributed has a name that says so, and a template has the image's memory in it.
  restricted = name: match ".*RESTRICTDIST.*" name != null;
  markedAs = image: name: if restricted image && !(restricted name) then "RESTRICTDIST-${name}" else name;
  isTemplate = value: value.isTemplate or false;

  template = check.function "reviveWindowsVM"
    (startedWith.machine // startedWith.account // {
      # What makeWindowsImage returned, its `.dir`, or the path of a qcow2 file.
      image = { type = check.file; };
      # Of the template; its derivation's name is made from it.
      name = { type = check.nullOr check.string; default = null; };
      # Command lines that are run in the guest before it is frozen.
      warmUp = { type = check.listOf check.string; default = [ ]; };
      # Those that builds on the template ask for.
      driveLetters = import ../drive-letters.nix { inherit check; };
      timeouts = {
        type = check.record { bootSeconds = seconds; warmUpSeconds = seconds; settleSeconds = seconds; freezeSeconds = seconds; };
        default = { };
      };
    })
    (arguments:
      let
        inherit (arguments) image;
        wanted = startedWith.start "reviveWindowsVM" {
          inherit (arguments) image user login;
          machine = intersectAttrs startedWith.machine arguments;
        };
        imageName = image.name or (layering.fileName image);
        name = markedAs imageName "${if arguments.name == null then import ../plain-name.nix imageName else arguments.name}.template";

        # As layers have images below them, also of a disk that nobody described.
        parent = { base = image; layers = [ ]; }
          // (if isAttrs image then image else { outPath = "${image}"; })
          // started image;
      in
      if isTemplate image then throw ''
        wfvm.reviveWindowsVM: `image` is a template already, ${image.name}.
        Another one is made of its image: reviveWindowsVM { image = template.image; … }''
      else specDerivation wfvm-nix-builder "template" (final:
        let made = final.finalPackage; in {
          inherit name;
          requiredSystemFeatures = if wanted.machine.accelerator == "kvm" then [ "kvm" ] else [ ];
          spec = spec.template {
            inherit name image;
            inherit (wanted) machine login;
            inherit (arguments) driveLetters warmUp timeouts;
          };
          meta = intersectAttrs { license = null; } (image.meta or { });
          passthru =
            # What is asked of an image before it is started.
            intersectAttrs { base = null; parent = null; layers = null; fullName = null; windowsShell = null; }
              (if isAttrs image then image else { })
            // startable made // {
              inherit image;
              inherit (final) spec;
              inherit (wanted) machine login logins;
              isTemplate = true;
              revived = made;
              # The image that a layer makes of the template's, installed in a revived guest.
              layer = record: layer.given "template.layer" {
                inherit parent;
                template = made;
                guest.imageName = layerName: markedAs imageName "${layerName}.img";
              } record;
            };
        }));

  # An image alone is an argument as well.
  asSet = given: if isAttrs given && !(given ? outPath) then given else { image = given; };
in
/** A template of an image: a guest that was booted, then frozen with its memory. Whatever
   is started from it goes on from there instead of booting.

   # Type

   reviveWindowsVM :: (image | { image, name ?, warmUp ?, … }) -> Derivation

   A template is taken where an image is taken. `.image` is the image that it was made of,
   `.layer { name, script, … }` is that image with one more layer. A template alone is
   itself. */
template // {
  problems = given: template.problems (asSet given);
  __functor = _: given:
    let arguments = asSet given; in
    if isTemplate (arguments.image or null) && attrNames arguments == [ "image" ] then arguments.image
    else template arguments;
}
