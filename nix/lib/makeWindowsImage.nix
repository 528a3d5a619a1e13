{ check, imageDerivation, layer, machineArguments, product, settings, spec, windows, ... }:

let
  inherit (builtins) attrNames elem filter foldl' hasAttr hasContext isString mapAttrs match;
  inherit (windows) anyWindows guestOs;

  seconds = { type = check.nullOr (check.int "an integer number of seconds" 1); default = null; };
  language = { type = check.string; default = "en-US"; };

  # Outside of the store: a path that Nix copies would be no secret.
  secretFile = {
    type = check.nullOr (check.string // {
      says = "the whole path of a file outside of the store, in quotes";
      problems = path: value:
        if isString value && match "/.*" value != null && match "${builtins.storeDir}(/.*)?" value == null && !(hasContext value) then [ ]
        else [ "`${path}` should be the whole path of a file outside of the store, in quotes: Nix copies what is written without them, and everybody can read the store." ];
    });
    default = null;
  };

  user = check.record {
    password = { type = check.nullOr check.string; default = null; };
    passwordFile = secretFile;
    description = { type = check.string; default = ""; };
    displayName = { type = check.string; default = ""; };
    groups = { type = check.listOf check.string; default = [ ]; };
  };

  command = check.either check.string (check.record {
    path = { type = check.string; };
    description = { type = check.nullOr check.string; default = null; };
    willReboot = { type = check.nullOr (check.oneOf [ "Always" "OnRequest" "Never" ]); default = null; };
  });

  # The result's defaults that differ between guests stand in nix/guest-os.
  byGuest = type: { type = check.nullOr type; default = null; };
in
/** Installs Windows from its medium by an answer file and puts layers on it. The
   result is one qcow2 file, whose backing files are the images below.

   # Type

   makeWindowsImage :: { windowsImage ?, guestOs ?, imageSelection ?, layers ?, … } -> Derivation

   `.machine` and `.login` of the result are how wfvm-run starts it; `.run { name,
   script, … }` is such a program, `.debug` another with a window and a shell;
   `.revived` is a template of it, reviveWindowsVM. */
check.function "makeWindowsImage"
  (machineArguments // settings.fields // {
    # Of the derivation; the image's name is made from it.
    name = byGuest check.string;
    # A release or a family of them, against which the medium is checked; null: what it is.
    guestOs = byGuest (check.oneOf (attrNames guestOs));
    # The ISO, as it was downloaded.
    windowsImage = byGuest check.file;
    # By name, or { index }, { edition } or { description }; null: by what the medium has.
    imageSelection = byGuest (check.either check.string (check.record {
      index = { type = check.nullOr (check.int "an integer, counted from 1" 1); default = null; };
      name = { type = check.nullOr check.string; default = null; };
      description = { type = check.nullOr check.string; default = null; };
      edition = { type = check.nullOr check.string; default = null; };
    }));
    diskMib = byGuest (check.int "an integer number of MiB" 1);

    # Who divides the disk and applies the image: Setup, or a script in Windows PE.
    strategy = { type = check.oneOf [ "setup" "apply" ]; default = "setup"; };
    answerMedium = { type = check.oneOf [ "iso" "floppy" "usb" ]; default = "iso"; };
    payload = { type = check.listOf (check.record { name = { type = check.string; }; source = { type = check.file; }; }); default = [ ]; };

    users = {
      type = check.attrsOf user;
      default = { wfvm = { password = "1234"; description = "WFVM Administrator"; groups = [ "Administrators" ]; }; };
    };
    # Of `users`: who is logged on by himself, and whom commands run as.
    autoLogon = { type = check.string; default = "wfvm"; };
    login = { type = check.string; default = "wfvm"; };
    administratorPassword = { type = check.nullOr check.string; default = null; };
    administratorPasswordFile = secretFile;

    fullName = { type = check.string; default = "John Doe"; };
    organization = { type = check.string; default = "KVM Authority"; };
    productKey = { type = check.nullOr check.string; default = null; };
    productKeyFile = secretFile;
    computerName = { type = check.nullOr check.string; default = null; };
    uiLanguage = language;
    inputLocale = language;
    userLocale = language;
    systemLocale = language;
    timeZone = { type = check.string; default = "UTC"; };
    specializeCommands = { type = check.listOf command; default = [ ]; };
    driverPaths = { type = check.listOf check.string; default = [ ]; };

    # In this order, each a derivation of its own: nix/layer.nix.
    layers = { type = check.listOf layer.type; default = [ ]; };
    # Whether each is installed on a template of the image below it instead of a boot.
    reviveLayers = { type = check.bool; default = false; };
    # Whether the result is one compressed file, without backing files.
    compact = { type = check.bool; default = false; };

    timeouts = {
      type = check.record {
        firmwareSeconds = seconds;
        windowsPeSeconds = seconds;
        specializeSeconds = seconds;
        firstLogonSeconds = seconds;
        shutdownSeconds = seconds;
        stallSeconds = seconds;
      };
      default = { };
    };
  })
  (given:
    let
      guest = if given.guestOs == null then anyWindows else guestOs.${given.guestOs};
      # Of a medium that is not given, there is one for each of these.
      medium =
        if elem given.guestOs guest.mediumIs then guest.medium
        else throw "wfvm.makeWindowsImage: `windowsImage` is missing: the installation medium of ${given.guestOs}, which Microsoft gives out.";
      orGuest = name: if given.${name} == null then guest.${name} else given.${name};
      arguments = given // {
        windowsImage = if given.windowsImage == null then medium else given.windowsImage;
        imageSelection = if given.imageSelection == null && given.windowsImage == null then guest.image else given.imageSelection;
        cores = orGuest "cores";
        memoryMib = orGuest "memoryMib";
        diskMib = orGuest "diskMib";
        payload = guest.payload ++ given.payload;
        # Whose signature the guest's loader has.
        firmwareVariables = if given.secureBoot then orGuest "firmwareVariables" else given.firmwareVariables;
      };
      account = argument:
        if hasAttr given.${argument} given.users then given.users.${given.${argument}}
        else throw ''wfvm.makeWindowsImage: `${argument}` is "${given.${argument}}", which is none of `users`.${check.didYouMean (attrNames given.users) given.${argument}}'';
      # Two of them could name two images.
      selectedBy = builtins.filter (key: arguments.imageSelection.${key} != null) (attrNames arguments.imageSelection);
      one = arguments.imageSelection == null || builtins.isString arguments.imageSelection || builtins.length selectedBy == 1
        || throw "wfvm.makeWindowsImage: `imageSelection` should have one of `index`, `name`, `edition` and `description`, but has ${toString (builtins.length selectedBy)}.";
      machine = spec.machine arguments;
      logins = mapAttrs (user: { password, passwordFile, ... }:
        { inherit user; } // (if passwordFile == null then { inherit password; } else { inherit passwordFile; })) given.users;
      passwordless = filter (name: let user = given.users.${name}; in (user.password == null) == (user.passwordFile == null)) (attrNames given.users);
      twice = filter (name: given.${name} != null && given."${name}File" != null) [ "administratorPassword" "productKey" ];
      secretsFit =
        if passwordless != [ ] then throw "wfvm.makeWindowsImage: `users.${builtins.head passwordless}` should have one of `password` and `passwordFile`."
        else twice == [ ] || throw "wfvm.makeWindowsImage: `${builtins.head twice}` and `${builtins.head twice}File` are both given.";
      login = logins.${given.login} or (account "login");

      # What the medium would say in a second, the name says now.
      serversOnly = name: given.${name} == null || guest.serverFeatures
        || throw "wfvm.makeWindowsImage: `${name}` is Windows Server's, and `guestOs` is \"${given.guestOs}\".";
      onTheIso = name: isGiven: !isGiven || given.answerMedium == "iso"
        || throw "wfvm.makeWindowsImage: `${name}` needs `answerMedium = \"iso\"`: the others have files in their root alone.";
      settingsFit = serversOnly "serverManagerAtLogon" && serversOnly "ieEnhancedSecurity"
        && onTheIso "drivers" (given.drivers != [ ]) && onTheIso "virtioWin" (given.virtioWin != null);

      base = imageDerivation {
        name = guest.imageName (orGuest "name");
        subcommand = "install";
        requiredSystemFeatures = if given.accelerator == "kvm" then [ "kvm" ] else [ ];
        spec = spec.install { inherit arguments machine login; };
        passthru = image: { inherit machine login logins; parent = null; layers = [ ]; base = image; };
      };
      layered = foldl'
        (parent: layer.on { inherit guest parent; template = if given.reviveLayers then product.reviveWindowsVM parent else null; })
        base
        given.layers;
      image = if given.compact then layer.compact { inherit guest; parent = layered; } else layered;
    in
    assert one && settingsFit && secretsFit; builtins.seq (account "autoLogon") image)
