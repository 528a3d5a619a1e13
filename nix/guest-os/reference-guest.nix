# The licence-free guest that is installed as Windows is.
{ referenceGuest, ... }:
{
  imageName = name: "${name}.img";
  name = "reference-guest";
  medium = referenceGuest;
  image = "Reference Guest Standard";
  mediumIs = [ "reference-guest" ];
  payload = [ ];
  cores = 2;
  memoryMib = 1536;
  trim = "defrag C: /L";
  diskMib = 4 * 1024;
}
