/** No lock screen. */
_:
{
  name = "disable-autolock";
  strict = true;
  # Without /f `reg add` asks before it overwrites, and nobody answers.
  script = ''
    win-exec 'reg add HKLM\Software\Policies\Microsoft\Windows\Personalization /v NoLockScreen /t REG_DWORD /d 1 /f'
  '';
}
