# The only writer of specs: from checked arguments to the JSON that
# wfvm-nix-builder reads (crates/wfvm/src/spec, docs/reference).
{ pkgs, network, settings }:

let
  inherit (builtins) attrNames elem filter foldl' isAttrs isString listToAttrs map mapAttrs;

  version = 1;

  # Absent in the spec is null here.
  present = set: listToAttrs (map (name: { inherit name; value = set.${name}; })
    (filter (name: set.${name} != null) (attrNames set)));

  # nixpkgs' tesseract brings every language unless told otherwise.
  tesseract = if pkgs.tesseract ? override then pkgs.tesseract.override { enableLanguages = [ "eng" ]; } else pkgs.tesseract;

  # The words of a spec's `machine`; new variables are one of its tools.
  hardware = machine: removeAttrs machine [ "firmwareVariables" ];

  tools = machine: present {
    qemu = "${pkgs.qemu}/bin/qemu-system-x86_64";
    qemuImg = "${pkgs.qemu}/bin/qemu-img";
    ovmfCode = if machine.firmware == "uefi" then (ovmf machine).code else null;
    ovmfVars = if machine.firmware == "uefi" then (ovmf machine).variables else null;
    swtpm = if machine.tpm then "${pkgs.swtpm}/bin/swtpm" else null;
    tesseract = "${tesseract}/bin/tesseract";
  };
  # Where a package's programs lie, as nixpkgs' getBin says.
  programs = input: "${input.bin or input}/bin";
  each = foldl' (done: item: if elem item done then done else done ++ [ item ]) [ ];

  # What the script of a layer finds without asking, as in nixpkgs' stdenv; the
  # last is WFVM's, for `qemu-img`.
  standardPrograms = with pkgs; [ coreutils findutils diffutils gnused gnugrep gawk gnutar gzip bzip2 xz bash qemu ];

  # An image, and what was kept of its machine, if it says so: a path says nothing.
  of = image: {
    image = "${image}";
    state = if image.state or null == null then null else "${image.state}";
  };

  ovmf = import ./ovmf.nix { inherit pkgs; };

  scriptTools = machine: tools machine // { bash = "${pkgs.bash}/bin/bash"; };
in
{
  /** What the guest runs on. */
  machine = arguments: present {
    inherit (arguments) firmware accelerator cores memoryMib diskBus networkCard tpm rtcBase cpuModel extraQemuFlags;
    secureBoot =
      if !arguments.secureBoot then null
      else arguments.firmware == "uefi" || throw "wfvm: `secureBoot` is UEFI's, and `firmware` is \"${arguments.firmware}\".";
    firmwareVariables =
      if arguments.firmwareVariables == null then null
      else if arguments.firmware == "uefi" then "${arguments.firmwareVariables}"
      else throw "wfvm: `firmwareVariables` are UEFI's, and `firmware` is \"${arguments.firmware}\".";
  };

  /** For `wfvm-nix-builder install`. */
  install = { arguments, machine, login }: present {
    wfvmSpec = version;
    installationMedium = "${arguments.windowsImage}";
    inherit (arguments) guestOs diskMib answerMedium;
    # Setup is who does it unless something else is said.
    strategy = if arguments.strategy == "setup" then null else arguments.strategy;
    image =
      if isString arguments.imageSelection then { name = arguments.imageSelection; }
      else if arguments.imageSelection == null then null
      else present arguments.imageSelection;
    inherit login;
    machine = hardware machine;
    answerFile = present {
      inherit (arguments) fullName organization productKey uiLanguage inputLocale userLocale systemLocale timeZone
        computerName administratorPassword administratorPasswordFile productKeyFile autoLogon driverPaths;
      accounts = builtins.attrValues (mapAttrs (name: user: { inherit name; } // present user) arguments.users);
      settings = settings.spec arguments;
      specializeCommands = map (command: if isAttrs command then present command else { path = command; }) arguments.specializeCommands;
    };
    payload = map (file: file // { source = "${file.source}"; }) arguments.payload;
    timeouts = present arguments.timeouts;
    tools = tools machine;
  };

  /** For `wfvm-nix-builder run`. */
  run = { arguments, machine, login }: {
    wfvmSpec = version;
    inherit (arguments) name script display;
    machines = arguments.machines or 1;
    inherit (of arguments.image) image state;
    inherit login;
    machine = hardware machine;
    network = network.spec (arguments // { open = !arguments.isolateNetwork; forwards = arguments.forwardedPorts; });
    timeouts = present arguments.timeouts;
    tools = scriptTools machine;
  };

  /** For `wfvm-nix-builder linux`. */
  linux = { name, builder, args, guest, linuxGuest }: present {
    wfvmSpec = version;
    inherit name builder args;
    inherit (guest) accelerator overlay environment bootTimeoutSeconds timeoutSeconds diskImageFormat;
    inherit (linuxGuest) kernel;
    initramfs = "${linuxGuest.initramfs}";
    modprobe = "${linuxGuest.modprobe}";
    shell = "${pkgs.bash}/bin/sh";
    storeDirectory = builtins.storeDir;
    memoryMib = guest.memSize;
    parallel = guest.enableParallelBuilding;
    qemuOptions = guest.QEMU_OPTS;
    preVm = guest.preVM;
    postVm = guest.postVM;
    searchPath = map programs standardPrograms;
    diskImage = if guest.diskImage == null then null else "${guest.diskImage}";
    rootDevice =
      if elem guest.mountDisk [ false "" ] then null
      else if elem guest.mountDisk [ true "1" ] then "/dev/vda"
      else guest.mountDisk;
    tools = {
      qemu = "${pkgs.qemu}/bin/qemu-system-x86_64";
      qemuImg = "${pkgs.qemu}/bin/qemu-img";
      bash = "${pkgs.bash}/bin/bash";
    };
  };

  /** For `wfvm-nix-builder build`. */
  build = { name, image, closure, command, arguments, machine, login }: present {
    wfvmSpec = version;
    inherit name closure command login;
    machine = hardware machine;
    inherit (of image) image state;
    inherit (arguments) translatePaths successExitCodes executables expectShutdown outputPlace exchangeMib
      keepFailedDisk;
    letters = arguments.driveLetters;
    preVm = arguments.preVM;
    postVm = arguments.postVM;
    qemuOpts = arguments.QEMU_OPTS;
    parallel = arguments.enableParallelBuilding;
    network = network.spec (arguments.network // { ports = { }; sshPort = null; });
    timeouts = present {
      bootSeconds = arguments.bootTimeoutSeconds;
      commandSeconds = arguments.timeoutSeconds;
    };
    tools = scriptTools machine;
  };

  /** For `wfvm-nix-builder template`. */
  template = { name, image, machine, login, warmUp, driveLetters, timeouts }: {
    wfvmSpec = version;
    inherit name login warmUp;
    machine = hardware machine;
    letters = driveLetters;
    inherit (of image) image state;
    timeouts = present timeouts;
    tools = tools machine;
  };

  /** For `wfvm-nix-builder clones`. */
  clones = { arguments, image, commands, files, machine, login }: {
    wfvmSpec = version;
    inherit (arguments) name clones keepGoing keepFailed;
    inherit (of image) image state;
    inherit commands login;
    machine = hardware machine;
    files = map (file: file // { source = "${file.source}"; }) files;
    network = network.spec { open = false; forwards = [ ]; reachable = [ ]; ports = { }; sshPort = null; };
    timeouts = present arguments.timeouts;
    tools = tools machine;
  };

  /** For `wfvm-nix-builder layer`; `parent` is an image or a template of one. */
  layer = { layer, parent, compact, machine, login }: {
    wfvmSpec = version;
    inherit (layer) name script strict;
    parent = "${parent}";
    inherit (of parent) state;
    inherit compact login;
    machine = hardware machine;
    searchPath = each (map programs (layer.buildInputs ++ standardPrograms));
    network = network.spec layer.network;
    timeouts = present layer.timeouts;
    tools = scriptTools machine;
  };
}
