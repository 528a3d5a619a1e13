# The reference guest's installation ISO, made from Debian packages.
#
# Each step is a derivation of its own, so that a change of the guest's init
# makes neither Wine's prefix nor the root file system again.
{
  pkgs,
  # Store path of the unpacked Debian packages of ./packages.
  guestPackages,
  # The static program `reference-guest`: the init of the guest, and the writer
  # of its initramfs.
  referenceGuestBinary,
  # C sources of the guest's Windows programs, and the list of stand-ins.
  windowsPrograms ? ../../crates/reference-guest/windows,
}:

let
  # One time for everything that records one: 2025-01-01.
  sourceDateEpoch = 1735689600;

  step = name: script: programs: attributes:
    pkgs.runCommand name (attributes // {
      inherit guestPackages;
      SOURCE_DATE_EPOCH = sourceDateEpoch;
      nativeBuildInputs = programs;
    }) "set -euo pipefail; source ${script}";

  commandLine = builtins.concatStringsSep " " (builtins.filter
    (line: builtins.isString line && builtins.match "(#.*)?" line == null)
    (builtins.split "\n" (builtins.readFile ./boot/command-line)));
in
rec {
  # --- a compiler of Windows programs ---------------------------------------
  mingw = step "mingw" ./mingw.sh [ pkgs.patchelf ] { };

  # One C source to one program: `${compileExe { … }}/NAME`.
  compileExe = { name, source, flags ? "" }:
    step name ./compile-exe.sh [ mingw ] { inherit source flags; program = name; };

  helloExe = compileExe { name = "hello.exe"; source = ./hello.c; };

  # --- what runs in the guest -----------------------------------------------
  wine = step "reference-guest-wine" ./wine/files.sh [ mingw ] {
    unixLibraries = ./wine/unix-libraries;
    leftOut = ./wine/left-out;
  };

  prefix = step "reference-guest-prefix" ./wine/prefix.sh [ pkgs.patchelf ] {
    inherit wine;
    registry = ./wine/registry.reg;
  };

  programs = step "reference-guest-programs" ./wine/programs.sh [ mingw ] { sources = windowsPrograms; };

  rootfs = step "reference-guest.sqfs" ./rootfs.sh [ pkgs.squashfsTools ] {
    inherit wine prefix programs bios;
    standIns = "${windowsPrograms}/stand-ins";
    tasks = ./tasks;
  };

  # --- how it starts --------------------------------------------------------
  kernel = step "reference-guest-kernel" ./boot/kernel.sh [ pkgs.kmod pkgs.xz ] {
    modules = ./boot/kernel-modules;
  };

  initramfs = step "reference-guest-initramfs" ./boot/initramfs.sh [ pkgs.zstd ] {
    inherit kernel;
    init = referenceGuestBinary;
  };

  # What signs the programs that UEFI starts: functions for the shell.
  signature = { sign = ./boot/sign.sh; key = ./boot/key.pem; certificate = ./boot/certificate.pem; };

  uki = step "reference-guest.efi" ./boot/uki.sh [ pkgs.binutils pkgs.osslsigncode ]
    (signature // { inherit kernel initramfs commandLine; });

  # UEFI variables of a machine with Secure Boot that starts what has this signature.
  firmwareVariables = step "reference-guest-variables.fd" ./boot/variables.sh [ pkgs.python3Packages.virt-firmware ] {
    inherit (signature) certificate;
    empty = "${pkgs.OVMFFull.fd}/FV/OVMF_VARS.fd";
  };

  bios = step "reference-guest-bios" ./boot/bios.sh [ ] {
    inherit commandLine;
    cdConfiguration = ./boot/cd.cfg;
    diskConfiguration = ./boot/disk.cfg;
  };

  efi = step "reference-guest-efi" ./boot/efi.sh [ mingw pkgs.dosfstools pkgs.mtools pkgs.osslsigncode ]
    (signature // { cdboot = ./boot/cdboot.c; });

  # --- the medium -----------------------------------------------------------
  wim = step "reference-guest-wim" ./medium/wim.sh [ pkgs.wimlib ] { inherit rootfs; };

  iso = step "reference-guest.iso" ./medium/iso.sh [ pkgs.cdrkit ] {
    inherit bios efi kernel initramfs uki wim;
    setup = compileExe { name = "setup.exe"; source = ./medium/setup.c; };
  };
}
