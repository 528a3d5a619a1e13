# Windows, from Microsoft's medium.
{ sources, ... }:
{
  # Hydra's patch recognises what must not be redistributed by this name.
  imageName = name: "RESTRICTDIST-${name}.img";
  name = "windows";
  # The one medium whose content is known, and what is installed from it.
  medium = sources.windows11;
  image = "Windows 11 Pro N";
  mediumIs = [ "windows-11" "windows-11-23h2" ];
  # The server is a feature on demand, which only Windows Update has.
  payload = [ { name = "OpenSSH-Win64.zip"; source = sources.openssh; } ];
  # OVMF's own: Microsoft's keys.
  firmwareVariables = null;
  cores = 4;
  memoryMib = 4096;
  # Tells the disk what is free: ReTrim, as the documentation of `defrag` calls it.
  trim = "defrag C: /L";
  diskMib = 70 * 1024;
}
