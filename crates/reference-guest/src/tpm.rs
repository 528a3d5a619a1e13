//! The trusted platform module: one command of the TPM 2.0 Library (part 3, "Commands") after another, as bytes.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use fs_err as fs;

const DEVICE: &str = "/dev/tpm0";
/// The longest answer that a TPM gives.
const LONGEST: usize = 4096;

const TPM_ST_SESSIONS: u16 = 0x8002;
const TPM_CC_HIERARCHY_CHANGE_AUTH: u32 = 0x0129;
const TPM_RH_OWNER: u32 = 0x4000_0001;
/// A password instead of a session.
const TPM_RS_PW: u32 = 0x4000_0009;

pub(crate) fn is_there() -> bool {
    Path::new(DEVICE).exists()
}

/// Changes the owner's authorization value; the TPM's response code, which is 0 if it did.
pub(crate) fn change_owner_authorization(old: &[u8], new: &[u8]) -> io::Result<u32> {
    response_code(&ask(&change_of_owner(old, new))?)
}

fn change_of_owner(old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut authorization = TPM_RS_PW.to_be_bytes().to_vec();
    authorization.extend([0, 0]); // no nonce
    authorization.push(0); // no attributes
    authorization.extend(sized(old));
    let length = u32::try_from(authorization.len()).unwrap_or(u32::MAX);
    let body = [&TPM_RH_OWNER.to_be_bytes()[..], &length.to_be_bytes(), &authorization, &sized(new)].concat();
    let size = u32::try_from(10 + body.len()).unwrap_or(u32::MAX);
    [
        &TPM_ST_SESSIONS.to_be_bytes()[..],
        &size.to_be_bytes(),
        &TPM_CC_HIERARCHY_CHANGE_AUTH.to_be_bytes(),
        &body,
    ]
    .concat()
}

/// `TPM2B_AUTH`.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

fn ask(command: &[u8]) -> io::Result<Vec<u8>> {
    let mut device = fs::OpenOptions::new().read(true).write(true).open(DEVICE)?;
    device.write_all(command)?;
    let mut answer = vec![0; LONGEST];
    let length = device.read(&mut answer)?;
    answer.truncate(length);
    Ok(answer)
}

/// An answer begins with a tag, its size and the code.
fn response_code(answer: &[u8]) -> io::Result<u32> {
    let code = answer.get(6..10).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    code.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_its_size_and_both_values() {
        let command = change_of_owner(b"old", b"newer");
        let (size, rest) = command.split_at(6);
        assert_eq!(size, [0x80, 0x02, 0, 0, 0, 37]);
        assert_eq!(command.len(), 37);
        assert_eq!(rest[..8], [0, 0, 0x01, 0x29, 0x40, 0, 0, 1]);
        assert_eq!(rest[8..], *b"\0\0\0\x0c\x40\0\0\x09\0\0\0\0\x03old\0\x05newer");
    }

    #[test]
    fn an_answer_too_short_for_a_code_is_an_error() {
        assert_eq!(response_code(&[0x80, 1, 0, 0, 0, 10, 0, 0, 0x09, 0xA2]).unwrap(), 0x9A2);
        response_code(&[0x80, 1]).unwrap_err();
    }
}
