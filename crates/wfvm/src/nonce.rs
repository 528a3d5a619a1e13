//! What nobody can guess: it tells one run from all others.

use std::io::{self, Read as _};

/// 32 hexadecimal digits.
///
/// # Errors
/// The host's.
pub fn new() -> io::Result<String> {
    let mut bytes = [0; 16];
    fs_err::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
