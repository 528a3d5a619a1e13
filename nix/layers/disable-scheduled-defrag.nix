/** The weekly defragmentation, which would rewrite a disk that lives for minutes. */
_:
{
  name = "disable-scheduled-defrag";
  strict = true;
  script = ''
    win-exec 'schtasks /Change /DISABLE /TN "\Microsoft\Windows\Defrag\ScheduledDefrag"'
  '';
}
