{ windows, ... }:

let
  inherit (builtins) foldl' listToAttrs map;
  inherit (windows) releases;

  # By the names of a version: `{ "22H2" = 19045; }`.
  release = { name, fullName, guestOs, edition, builds }:
    let
      known = map (version: releases.${version.value}) (builds);
      # Versions of one Windows have the same editions.
      newest = foldl' (_: release: release) null known;
    in
    {
      inherit name fullName guestOs edition;
      builds = listToAttrs (map (version: { inherit (version) name; value = releases.${version.value}.build; }) builds);
      inherit (newest) editions minimum;
      size = 64 * 1024;
      memSize = 4096;
    };
  version = name: value: { inherit name value; };

  server = year: release {
    name = "windows-server-${year}";
    fullName = "Windows Server ${year} (x86_64)";
    guestOs = "windows-server-${year}";
    builds = [ (version year "windows-server-${year}") ];
    edition = "ServerStandard";
  };
in
/** What is known of each release of Windows, as debDistros says it of Linux: each value
   has the arguments that makeImageFromWindowsIso takes for it, so that

   makeImageFromWindowsIso (windowsReleases.windows11x86_64 // { iso = ./my.iso; })

   is an image, and beside these, for reading, its builds, its editions with their
   published keys, and the least that Setup takes, in MiB.

   # Type

   windowsReleases :: { NAME :: { name, fullName, guestOs, builds, edition, editions, size, memSize, minimum, iso ? } } */
{
  windows10x86_64 = release {
    name = "windows-10";
    fullName = "Windows 10 (x86_64)";
    guestOs = "windows-10";
    builds = [ (version "22H2" "windows-10-22h2") ];
    edition = "Professional";
  };

  windows11x86_64 = release {
    name = "windows-11";
    fullName = "Windows 11 (x86_64)";
    guestOs = "windows-11";
    builds = [ (version "23H2" "windows-11-23h2") (version "24H2" "windows-11-24h2") (version "25H2" "windows-11-25h2") ];
    edition = "Professional";
  };

  windows11ltsc2024x86_64 = release {
    name = "windows-11-ltsc-2024";
    fullName = "Windows 11 Enterprise LTSC 2024 (x86_64)";
    guestOs = "windows-11-24h2";
    builds = [ (version "24H2" "windows-11-24h2") ];
    edition = "EnterpriseS";
  };

  windowsserver2019x86_64 = server "2019";
  windowsserver2022x86_64 = server "2022";
  windowsserver2025x86_64 = server "2025";

  # Needs no medium of yours, no licence and no KVM.
  referenceguestx86_64 = release
    {
      name = "reference-guest";
      fullName = "Reference guest (x86_64)";
      guestOs = "reference-guest";
      builds = [ (version "21H1" "reference-guest") ];
      # By name, as makeWindowsImage has it: one derivation.
      edition = "Reference Guest Standard";
    } // {
    accelerator = "tcg";
    iso = null;
    size = 4 * 1024;
    memSize = 1536;
  };
}
