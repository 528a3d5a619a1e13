# Everything that comes from elsewhere, with its hash.
{ pkgs }:
{
  # Microsoft gives out the medium on a page that wants a person, and its licence
  # does not let us pass it on.
  windows11 = pkgs.requireFile rec {
    name = "Win11_22H2_English_x64v2.iso";
    sha256 = "0xhhxy47yaf1jsfmskym5f65hljw8q0aqs70my86m402i6dsjnc0";
    message = ''
      The installation medium of Windows 11, ${name}, is not in the Nix store.

      Get it from https://www.microsoft.com/software-download/windows11 and add it:

        nix-store --add-fixed sha256 ${name}
        scripts/nix store add --mode flat ${name}    (in this repository, on Debian)

      Another medium, of any name, is used by

        windowsImage = ./that.iso;

      Nothing of Microsoft's is needed for the reference guest:

        guestOs = "reference-guest";

      If Nix finds a file of this name and another hash, Microsoft has published
      other content under the same name: give it as windowsImage.
    '';
  };

  # The SSH server that Windows lacks in the box: a release of Microsoft's.
  openssh = pkgs.fetchurl {
    url = "https://github.com/PowerShell/Win32-OpenSSH/releases/download/10.0.0.0p2-Preview/OpenSSH-Win64.zip";
    sha256 = "23f50f3458c4c5d0b12217c6a5ddfde0137210a30fa870e98b29827f7b43aba5";
  };
}
