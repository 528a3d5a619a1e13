//! A guest's exit codes, in words.

use std::fmt;

/// 32 bits, as Windows has them. Codes of exceptions are `NTSTATUS` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitCode(pub u32);

/// Codes that say more than a number (Microsoft, "NTSTATUS Values", "MsiExec.exe and InstMsi.exe
/// Error Messages", and what cmd.exe gives for a program that is not there).
const MEANINGS: [(u32, &str); 12] = [
    (1603, "a fatal error of an installation"),
    (1641, "success, and a restart has begun"),
    (3010, "success, and a restart is wanted"),
    (9009, "cmd.exe found no such program"),
    (0x4001_0004, "ended by a debugger"),
    (0xC000_0005, "access violation"),
    (0xC000_001D, "illegal instruction"),
    (0xC000_0094, "integer division by zero"),
    (0xC000_00FD, "stack overflow"),
    (0xC000_0135, "a DLL was not found"),
    (0xC000_0142, "a DLL could not be initialised"),
    (0xC000_0409, "stack buffer overrun, or an abort"),
];

impl fmt::Display for ExitCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.0;
        match code {
            0xC000_0000.. => write!(formatter, "0x{code:08X}")?,
            256.. => write!(formatter, "{code} (0x{code:X})")?,
            _ => write!(formatter, "{code}")?,
        }
        match MEANINGS.iter().find(|(known, _)| *known == code) {
            Some((_, meaning)) => write!(formatter, " ({meaning})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_as_people_look_it_up() {
        let told = |code| ExitCode(code).to_string();
        assert_eq!(told(7), "7");
        assert_eq!(told(259), "259 (0x103)");
        assert_eq!(told(3010), "3010 (0xBC2) (success, and a restart is wanted)");
        assert_eq!(told(0xC000_0005), "0xC0000005 (access violation)");
        assert_eq!(told(0xFFFF_FFFF), "0xFFFFFFFF");
    }
}
