/** Drivers signed by a test certificate are loaded, from the next boot on. */
_:
{
  name = "test-signing";
  strict = true;
  # "Enable Loading of Test Signed Drivers". Secure Boot forbids it, and bcdedit says so.
  script = ''
    win-exec 'bcdedit /set testsigning on'
  '';
}
