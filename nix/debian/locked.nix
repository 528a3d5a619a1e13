# The tree that nix/debian/fetch makes of a list of packages, made by a nixpkgs of a
# lock that nix/debian/lock wrote.
{ pkgs, name, lock }:

let
  inherit (builtins) elemAt filter head isString map match readFile replaceStrings split;

  lines = filter isString (split "\n" (readFile lock));
  rows = filter (row: row != null) (map (match "([0-9a-f]{64})  (.*)") lines);

  package = row:
    let path = elemAt row 1;
    in pkgs.fetchurl {
      # A store path has no tilde.
      name = replaceStrings [ "~" ] [ "-" ] (baseNameOf path);
      # nixpkgs' own list of mirrors, or NIX_MIRRORS_debian.
      url = "mirror://debian/${path}";
      sha256 = head row;
    };
in
pkgs.runCommand "debian-${name}"
  {
    nativeBuildInputs = [ pkgs.binutils pkgs.gnutar pkgs.xz ];
    packages = map package rows;
  } ''
  # Debian's /usr-merge, as in fetch.
  mkdir -p $out/usr/{bin,sbin,lib,lib64}
  for directory in bin sbin lib lib64; do ln -s usr/$directory $out/$directory; done
  for package in $packages; do
    ar p "$package" data.tar.xz | tar --extract --xz --keep-directory-symlink --no-same-owner --directory $out
  done
''
