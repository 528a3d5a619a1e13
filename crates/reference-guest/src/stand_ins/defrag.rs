//! `defrag.exe`: the retrim alone has an effect. The kernel tells the disk which clusters are free, so
//! that a virtual disk can forget them.

use std::io;

use fs_err as fs;

use super::{Answer, Call, Program};
use crate::boot::SYSTEM_VOLUME;
use crate::ioctl;

/// True if a retrim of C: is among what is asked for; none if something is asked for that is not here.
pub(super) fn parse(words: &[String]) -> Option<bool> {
    let mut volume = false;
    let mut retrim = false;
    for word in words {
        match word.to_ascii_lowercase().as_str() {
            "c:" | "c:\\" | "/c" | "/allvolumes" => volume = true,
            "/l" | "/retrim" | "/o" | "/optimize" => retrim = true,
            // Analysis, progress, priority: nothing to see here. There is nothing to defragment either.
            "/u"
            | "/printprogress"
            | "/v"
            | "/verbose"
            | "/h"
            | "/normalpriority"
            | "/x"
            | "/freespaceconsolidate" => {}
            _ => return None,
        }
    }
    volume.then_some(retrim)
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    match parse(&call.words) {
        Some(true) => {
            program.print("Microsoft Drive Optimizer\r\n\r\nInvoking retrim on (C:)...")?;
            let bytes = retrim()?;
            program.print(&format!(
                "\r\nThe operation completed successfully.\r\n\r\nPost Optimization Report:\r\n\r\n\tRetrim:\r\n\t\tTotal space trimmed = {:.2} GB",
                gibibytes(bytes)
            ))?;
            Ok(Answer::Exit(0))
        }
        _ => Ok(Answer::Refused),
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is printed with two digits")]
fn gibibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1_u32 << 30)
}

/// Gives all free clusters of C: back to the disk; how many bytes they have.
pub(super) fn retrim() -> io::Result<u64> {
    // What is deleted and not yet written counts as used.
    rustix::fs::sync();
    Ok(ioctl::trim(fs::File::open(SYSTEM_VOLUME)?)?)
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn only_a_volume_that_is_there_can_be_trimmed() {
        assert_eq!(parse(&words("C: /L")), Some(true));
        assert_eq!(parse(&words("/C /O /U /V")), Some(true));
        assert_eq!(parse(&words("c:")), Some(false));
        for refused in ["", "/L", "D: /L", "C: /K", "C: /B"] {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }
}
