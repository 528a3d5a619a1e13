{ check, pkgs, product, ... }:

let
  inherit (builtins) hasAttr listToAttrs map mapAttrs;

  make = product.makeImageFromWindowsIso;

  # Takes the place of a medium that nobody has given: Microsoft gives it out on a page
  # that wants a person, new content under the same name, so no hash is known here.
  missingMedium = name: release: pkgs.runCommand "${release.name}.iso"
    {
      message = ''
        The installation medium of ${release.fullName} was not given.

        Get its ISO from Microsoft and give it:

          diskImageFuns.${name} { iso = ./${release.name}.iso; }

        or, so that no copy is made at each evaluation, add it to the Nix store,

          nix-store --add-fixed sha256 ${release.name}.iso

        and give what this prints:

          diskImageFuns.${name} { iso = builtins.storePath "/nix/store/…-${release.name}.iso"; }

        Nothing of Microsoft's is needed for `diskImages.referenceguestx86_64`.
      '';
    } ''
    printf '\n***\n%s\n***\n' "$message" >&2
    exit 1
  '';

  function = name: release:
    let defaults = { iso = missingMedium name release; } // release;
    in check.function "diskImageFuns.${name}"
      (mapAttrs (field: described: if hasAttr field defaults then described // { default = defaults.${field}; } else described) make.fields)
      make;

  # Of nixpkgs' vmTools, for those who look for them here.
  linux = [
    "alma9x86_64" "alma10x86_64" "amazon2023x86_64"
    "centos6i386" "centos6x86_64" "centos7x86_64"
    "debian10i386" "debian10x86_64" "debian11i386" "debian11x86_64" "debian12i386" "debian12x86_64" "debian13i386" "debian13x86_64"
    "fedora26x86_64" "fedora27x86_64" "fedora42x86_64" "fedora43x86_64" "fedora44x86_64"
    "oracle9x86_64" "oracle10x86_64" "rocky9x86_64" "rocky10x86_64"
    "ubuntu1404i386" "ubuntu1404x86_64" "ubuntu1604i386" "ubuntu1604x86_64" "ubuntu1804i386" "ubuntu1804x86_64"
    "ubuntu2004i386" "ubuntu2004x86_64" "ubuntu2204i386" "ubuntu2204x86_64" "ubuntu2404x86_64" "ubuntu2604x86_64"
  ];
  elsewhere = name: throw ''
    wfvm.diskImageFuns.${name}: images here are of Windows; nixpkgs makes those of Linux: pkgs.vmTools.diskImageFuns.${name}.
    `runInLinuxImage` here takes such an image as its `diskImage`.'';
in
/** Images of releases by their names, as functions of what they shall have other than by
   default: any argument of makeImageFromWindowsIso, such as `iso`, `size` (MiB),
   `extraPackages` (layers) and `memSize`. A release of windowsReleases is a function here.

   # Type

   diskImageFuns :: { NAME :: { iso ?, size ?, extraPackages ?, … } -> Derivation }

   Without `iso` the image evaluates, and its build says at once how to give it. The names
   of nixpkgs' own images of Linux are refused with where they are. */
listToAttrs (map (name: { inherit name; value = elsewhere name; }) linux) // mapAttrs function product.windowsReleases
