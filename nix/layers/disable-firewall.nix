/** The firewall is off in every profile. */
_:
{
  name = "disable-firewall";
  strict = true;
  script = ''
    win-exec 'netsh advfirewall set allprofiles state off'
  '';
}
