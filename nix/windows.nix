# The guests by the names that `guestOs` may have: what nix/guest-os says of them, and
# what the installation knows of each release (windows-releases.json, which the tests
# write from crates/wfvm/src/guest_os).
{ guests }:

let
  inherit (builtins) all attrNames attrValues concatMap elem filter fromJSON listToAttrs map readFile;

  releases = fromJSON (readFile ./windows-releases.json);
  names = attrNames (listToAttrs (map (name: { inherit name; value = null; }) (concatMap (release: release.names) (attrValues releases))));
  of = name: filter (release: elem name release.names) (attrValues releases);
in
{
  inherit releases;

  /** NAME :: what nix/guest-os has, `payload` only where every release of the name needs it. */
  guestOs = listToAttrs (map
    (name: {
      inherit name;
      value = let guest = guests.${name} or guests.windows; in guest // {
        payload = if all (release: !release.payload) (of name) then [ ] else guest.payload;
        serverFeatures = all (release: release.serverFeatures) (of name);
      };
    })
    names);

  # When the medium says which release it is.
  anyWindows = guests.windows // { mediumIs = guests.windows.mediumIs ++ [ null ]; serverFeatures = true; };
}
