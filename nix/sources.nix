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

  # What the layers install. Each hash stands beside its URL in a manifest of
  # microsoft/winget-pkgs or a package of jberezanski/ChocolateyPackages; where
  # two independent lists agree, the comment says so.

  # winget-pkgs, and ScoopInstaller/Extras.
  anaconda3 = pkgs.fetchurl {
    url = "https://repo.anaconda.com/archive/Anaconda3-2026.07-1-Windows-x86_64.exe";
    sha256 = "b545f4bd8ab3bf32d99002a0779a887668ebfe479ee32ecbf060375670d5ee09";
  };

  msys2 = pkgs.fetchurl {
    url = "https://github.com/msys2/msys2-installer/releases/download/2026-06-11/msys2-x86_64-20260611.exe";
    sha256 = "3150d7d9aa5dedd900a7f52300d4d918271e3a8fc47de94848818fd5a430e6b0";
  };

  # The bootstrapper of Visual Studio Community 2019, 16.11.37627.13. The path
  # carries the hash; winget-pkgs has the same one for the address on aka.ms,
  # which gives out another file with every release.
  visualStudio2019 = pkgs.fetchurl {
    name = "RESTRICTDIST-vs_Community.exe";
    url = "https://download.visualstudio.microsoft.com/download/pr/e2324e87-3765-4b14-85e5-1234d99f6254/d70a79f50e37c337227a928875fcef8d233b71056d4c967f070d92f1584d2c7e/vs_Community.exe";
    sha256 = "d70a79f50e37c337227a928875fcef8d233b71056d4c967f070d92f1584d2c7e";
  };

  # 14.51.36247.0 of both. The path carries the hash; ScoopInstaller/Extras agrees.
  vcRedistX64 = pkgs.fetchurl {
    url = "https://download.visualstudio.microsoft.com/download/pr/ebdab8e5-1d7b-4d9f-a11b-cbb1720c3b12/843068991DAAA1F73AD9F6239BCE4D0F6A07A51F18C37EA2A867E9BECA71295C/VC_redist.x64.exe";
    sha256 = "843068991daaa1f73ad9f6239bce4d0f6a07a51f18c37ea2a867e9beca71295c";
  };
  vcRedistX86 = pkgs.fetchurl {
    url = "https://download.visualstudio.microsoft.com/download/pr/57eef8ae-a341-46c3-b0bc-c041027b54cd/F0BAB33A302B3CDB2E11113760D016F54FD3D2632C65BA7834FAC4F0ABD7F1A3/VC_redist.x86.exe";
    sha256 = "f0bab33a302b3cdb2e11113760d016f54fd3d2632c65ba7834fac4f0abd7f1a3";
  };

  powershell7 = pkgs.fetchurl {
    url = "https://github.com/PowerShell/PowerShell/releases/download/v7.6.5/PowerShell-7.6.5-win-x64.msi";
    sha256 = "3a87c24e044ec792047d734c841917ee4323a535e25f645ae6c33141a35fca8d";
  };

  # winget-pkgs, and ScoopInstaller/Main.
  rustGnu = pkgs.fetchurl {
    url = "https://static.rust-lang.org/dist/rust-1.98.0-x86_64-pc-windows-gnu.msi";
    sha256 = "53436f15940eeb59b656396b521f151fcca5127130ff74f88fcc7055d60c127d";
  };
  rustMsvc = pkgs.fetchurl {
    url = "https://static.rust-lang.org/dist/rust-1.98.0-x86_64-pc-windows-msvc.msi";
    sha256 = "190bdf9f2916d1b60f31e18bf7c7fb8c7f5fa6e9788773643dbfc9d5266880c3";
  };
}
