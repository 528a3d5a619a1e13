# The licence-free guest that is installed as Windows is.
{ referenceGuest, ... }:
{
  imageName = name: "${name}.img";
  name = "reference-guest";
  medium = referenceGuest;
  image = "Reference Guest Standard";
  mediumIs = [ "reference-guest" ];
  payload = [ ];
  # With the key of its loader, which nobody else trusts.
  inherit (referenceGuest) firmwareVariables;
  cores = 2;
  memoryMib = 1536;
  trim = "defrag C: /L";
  diskMib = 4 * 1024;
}
