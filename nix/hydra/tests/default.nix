# Hydra's own controllers, views and plugins, with Debian's Catalyst and PostgreSQL,
# after nix/hydra/apply has changed them: a derivation that builds if each route
# is closed for a restricted path and open for another one.
{
  pkgs,
  # Hydra's repository, or its folder `subprojects` alone, as a path.
  hydraSources,
  # The packages of ./packages, unpacked: the store path that nix/debian/fetch says.
  debian,
  # A place that is left out, to see this fail.
  without ? "",
  # Hydra as it is.
  unchanged ? false,
  ...
}:

pkgs.runCommand "hydra-routes"
  {
    inherit without unchanged;
    debian = builtins.storePath debian;
    nativeBuildInputs = [ pkgs.patchelf ];
    sources = builtins.path {
      path = hydraSources;
      name = "hydra-sources";
      # Without what this does not look at, archives of fonts among it.
      filter = path: _: builtins.match ".*\\.(zip|gif|png|git)" path == null;
    };
    apply = "${./..}/apply";
    standIns = ./stand-ins;
    tests = ./.;
  } ''
  ${builtins.readFile ./rig.sh}
  touch $out
''
