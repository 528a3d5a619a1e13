//! The host key, and the keys that users may log on with.

use std::io::{self, Read as _};
use std::path::PathBuf;

use fs_err as fs;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{PrivateKey, PublicKey};

use crate::accounts::Account;

const DIRECTORY: &str = "/c/ProgramData/ssh";

/// The machine's key, made at the first start of the service as Windows' sshd makes it.
pub(super) fn host_key() -> io::Result<PrivateKey> {
    let file = format!("{DIRECTORY}/ssh_host_ed25519_key");
    if let Ok(text) = fs::read_to_string(&file) {
        return PrivateKey::from_openssh(text).map_err(io::Error::other);
    }
    let mut seed = [0_u8; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let key =
        PrivateKey::new(KeypairData::from(Ed25519Keypair::from_seed(&seed)), "").map_err(io::Error::other)?;
    fs::create_dir_all(DIRECTORY)?;
    fs::write(&file, key.to_openssh(LineEnding::LF).map_err(io::Error::other)?.as_bytes())?;
    fs::write(format!("{file}.pub"), key.public_key().to_openssh().map_err(io::Error::other)?)?;
    Ok(key)
}

/// Where Windows' sshd looks for an account's keys: administrators share one file.
fn authorized_keys(account: &Account) -> PathBuf {
    if account.is_administrator() {
        PathBuf::from(DIRECTORY).join("administrators_authorized_keys")
    } else {
        account.profile().join(".ssh/authorized_keys")
    }
}

pub(super) fn is_authorized(account: &Account, key: &PublicKey) -> bool {
    fs::read_to_string(authorized_keys(account)).is_ok_and(|text| lists(&text, key))
}

fn lists(text: &str, key: &PublicKey) -> bool {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| PublicKey::from_openssh(line).ok())
        .any(|listed| listed.key_data() == key.key_data())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_key_is_found_whatever_its_comment() {
        let key = |seed: u8| {
            PrivateKey::new(KeypairData::from(Ed25519Keypair::from_seed(&[seed; 32])), "x")
                .unwrap()
                .public_key()
                .clone()
        };
        let text = format!("# comment\r\n\r\n{} somebody@else\r\nrubbish\r\n", key(1).to_openssh().unwrap());
        assert!(lists(&text, &key(1)));
        assert!(!lists(&text, &key(2)));
    }
}
