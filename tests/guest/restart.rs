//! What a restart of the guest keeps, and what it forgets.

use crate::laboratory::Laboratory;

#[test]
fn the_hardware_hive_is_in_memory_only_and_the_clock_goes_on() {
    let laboratory = Laboratory::new();
    let script = r#"
        set -e
        # A command behind `!` is none that `set -e` minds.
        fails() { ! win-exec "$1"; }
        read_clock='powershell -NoProfile -Command "[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()"'
        shows() { # MINIMUM
            local now
            now=$(win-exec "$read_clock" | tr -d '\r')
            # An hour is longer than this test, and shorter than from any other time that the clock could have.
            (( now >= $1 && now < $1 + 3600000 )) || { echo "the clock shows $now"; return 1; }
        }
        win-exec 'reg add HKLM\HARDWARE\wfvm /v Template /d "a nonce" /f'
        [[ $(win-exec 'reg query HKLM\HARDWARE\wfvm /v Template') == *'REG_SZ    a nonce'* ]]
        # What Wine itself makes there is still there.
        win-exec 'reg query HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0 /v ProcessorNameString'
        win-exec 'powershell -NoProfile -NonInteractive -Command "Set-Date -Date ([DateTimeOffset]::FromUnixTimeMilliseconds(1790000000123).LocalDateTime) | Out-Null"' > said
        [[ ! -s said ]] || { cat said; exit 1; }
        shows 1790000000123
        [[ $(win-exec 'powershell Get-Date') == *'Monday, September 21, 2026'* ]]
        [[ $(win-exec 'powershell Get-Date -Format yyyy-MM') == 2026-09* ]]
        win-exec 'echo %DATE%' | grep 2026
        win-exec 'reg add HKLM\Software\kept /v Value /d 1 /f'

        win-restart
        fails 'reg query HKLM\HARDWARE\wfvm'
        win-exec 'reg query HKLM\Software\kept /v Value'
        win-exec 'reg add HKLM\HARDWARE\again /f'
        shows 1790000000123

        # Nobody but an administrator sets the clock.
        win-exec 'net localgroup Administrators wfvm /delete'
        fails 'powershell -Command "Set-Date ([DateTimeOffset]::FromUnixTimeSeconds(1).LocalDateTime)"' 2> said
        grep -i 'set-date : A required privilege is not held by the client.' said
        shows 1790000000123
    "#;
    let status =
        laboratory.perform(&laboratory.run_spec(script)).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}
