//! `certutil.exe`: certificates into the machine's stores, where Windows' cryptography (and Wine's) reads
//! them; hashes of files.

use std::io;
use std::path::Path;

use fs_err as fs;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::live_registry::{Data, ERROR_SUCCESS, Key};
use super::{Answer, Call, Program};
use crate::{accounts, system_files};

const STORES: &str = "Software\\Microsoft\\SystemCertificates";
const ERROR_FILE_NOT_FOUND: u32 = 0x8007_0002;
const CRYPT_E_NOT_FOUND: u32 = 0x8009_2004;
const ASN1_BAD_TAG: u32 = 0x8009_310B;
// wincrypt.h: the property of a serialised element that is the certificate itself.
const CERT_CERT_PROP_ID: u32 = 32;

/// Short names of the stores that certutil takes.
const STORE_NAMES: [&str; 6] = ["Root", "CA", "My", "TrustedPublisher", "TrustedPeople", "Disallowed"];

/// One order that is understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    AddToStore { store: &'static str, file: String },
    DeleteFromStore { store: &'static str, thumbprint: String },
    HashFile { file: String, algorithm: String },
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let store = |name: &String| STORE_NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name));
    let option = |word: &String| word.strip_prefix(['/', '-']).map(str::to_ascii_lowercase);
    // -f overwrites, -user would be another store.
    let words: Vec<&String> = words.iter().filter(|word| option(word).as_deref() != Some("f")).collect();
    match words.as_slice() {
        [verb, name, file] if option(verb)? == "addstore" => {
            Some(Order::AddToStore { store: store(name)?, file: (*file).clone() })
        }
        [verb, name, thumbprint] if option(verb)? == "delstore" => Some(Order::DeleteFromStore {
            store: store(name)?,
            thumbprint: thumbprint.replace(' ', "").to_ascii_uppercase(),
        }),
        [verb, file, rest @ ..] if option(verb)? == "hashfile" && rest.len() < 2 => {
            let algorithm = rest.first().map_or_else(|| "SHA1".to_owned(), |name| name.to_ascii_uppercase());
            ["SHA1", "SHA256", "SHA384", "SHA512"]
                .contains(&algorithm.as_str())
                .then(|| Order::HashFile { file: (*file).clone(), algorithm })
        }
        _ => None,
    }
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(order) = parse(&call.words) else { return Ok(Answer::Refused) };
    let file = match &order {
        Order::AddToStore { file, .. } | Order::HashFile { file, .. } => match fs::read(call.place(file)) {
            Ok(bytes) => bytes,
            Err(_) => {
                return failed(
                    program,
                    &call.words,
                    ERROR_FILE_NOT_FOUND,
                    "The system cannot find the file specified.",
                );
            }
        },
        Order::DeleteFromStore { .. } => Vec::new(),
    };
    match order {
        Order::AddToStore { store, .. } => {
            let Some(certificate) = certificate(&file) else {
                return failed(program, &call.words, ASN1_BAD_TAG, "ASN1 bad tag value met.");
            };
            let code = program.set_value(
                &key(store, &thumbprint(&certificate)),
                "Blob",
                &Data::Bytes(blob(&certificate)),
            )?;
            if code == ERROR_SUCCESS {
                program.print(&format!(
                    "{store}\r\nCertificate \"{}\" added to store.\r\nCertUtil: -addstore command completed successfully.",
                    thumbprint(&certificate).to_ascii_lowercase()
                ))?;
            }
            Ok(Answer::Exit(code))
        }
        Order::DeleteFromStore { store, thumbprint } => {
            if program.delete_key(&key(store, &thumbprint))? != ERROR_SUCCESS {
                return failed(program, &call.words, CRYPT_E_NOT_FOUND, "Cannot find object or property.");
            }
            program.print(&format!(
                "{store}\r\nDeleting Certificate\r\nCertUtil: -delstore command completed successfully."
            ))?;
            Ok(Answer::Exit(0))
        }
        Order::HashFile { file: name, algorithm } => {
            let hash = match algorithm.as_str() {
                "SHA256" => hexadecimal(&Sha256::digest(&file)),
                "SHA384" => hexadecimal(&Sha384::digest(&file)),
                "SHA512" => hexadecimal(&Sha512::digest(&file)),
                _ => hexadecimal(&Sha1::digest(&file)),
            };
            program.print(&format!(
                "{algorithm} hash of {name}:\r\n{hash}\r\nCertUtil: -hashfile command completed successfully."
            ))?;
            Ok(Answer::Exit(0))
        }
    }
}

fn failed(program: &mut Program<'_>, words: &[String], code: u32, text: &str) -> io::Result<Answer> {
    let verb = words.iter().find(|word| !word.eq_ignore_ascii_case("-f")).map_or("", String::as_str);
    let number = i32::from_ne_bytes(code.to_ne_bytes());
    program
        .print(&format!("CertUtil: {verb} command FAILED: 0x{code:08x} ({number})\r\nCertUtil: {text}"))?;
    Ok(Answer::Exit(code))
}

fn key(store: &str, thumbprint: &str) -> Key {
    Key::machine(format!("{STORES}\\{store}\\Certificates\\{thumbprint}"))
}

/// Puts a certificate into `Cert:\LocalMachine\STORE`; false if the file is none, nothing if the store is not known.
pub(super) fn import(file: &Path, store: &str, program: &mut Program<'_>) -> io::Result<Option<bool>> {
    let name = store.rsplit('\\').next().unwrap_or("");
    let of_machine = store.to_ascii_lowercase().replace('/', "\\").starts_with("cert:\\localmachine\\");
    let known = STORE_NAMES.into_iter().find(|known| of_machine && known.eq_ignore_ascii_case(name));
    let (Some(store), Ok(bytes)) = (known, fs::read(file)) else { return Ok(None) };
    let Some(certificate) = certificate(&bytes) else { return Ok(Some(false)) };
    let code = program.set_value(
        &key(store, &thumbprint(&certificate)),
        "Blob",
        &Data::Bytes(blob(&certificate)),
    )?;
    Ok(Some(code == ERROR_SUCCESS))
}

/// Whether a store has exactly this certificate.
pub(super) fn is_in_store(program: &mut Program<'_>, store: &str, certificate: &[u8]) -> io::Result<bool> {
    program.has_key(&key(store, &thumbprint(certificate)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn thumbprint(certificate: &[u8]) -> String {
    hexadecimal(&Sha1::digest(certificate)).to_ascii_uppercase()
}

/// DER as it is, or what stands between the lines of PEM.
fn certificate(file: &[u8]) -> Option<Vec<u8>> {
    let text = system_files::decode(file);
    let der = match text.split_once("-----BEGIN CERTIFICATE-----") {
        Some((_, rest)) => accounts::base64(rest.split_once("-----END CERTIFICATE-----")?.0)?,
        None => file.to_vec(),
    };
    // A SEQUENCE with a length of two bytes that is the rest of the file.
    match der.as_slice() {
        [0x30, 0x82, high, low, rest @ ..]
            if usize::from(u16::from_be_bytes([*high, *low])) == rest.len() =>
        {
            Some(der)
        }
        _ => None,
    }
}

/// A store's element: property, one, length, bytes.
fn blob(certificate: &[u8]) -> Vec<u8> {
    let length = u32::try_from(certificate.len()).unwrap_or(0);
    let mut blob: Vec<u8> =
        [CERT_CERT_PROP_ID, 1, length].iter().flat_map(|word| word.to_le_bytes()).collect();
    blob.extend(certificate);
    blob
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn stores_are_known_by_their_names() {
        let order = Some(Order::AddToStore { store: "TrustedPublisher", file: "a b.cer".to_owned() });
        assert_eq!(parse(&words("-addstore -f trustedpublisher \"a b.cer\"")), order);
        assert_eq!(parse(&words("-f -AddStore TrustedPublisher \"a b.cer\"")), order);
        assert_eq!(
            parse(&words("-hashfile x sha256")),
            Some(Order::HashFile { file: "x".to_owned(), algorithm: "SHA256".to_owned() })
        );
        for refused in
            ["", "-addstore Elsewhere x.cer", "-addstore -user Root x.cer", "-hashfile x md2", "-dump x"]
        {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }

    #[test]
    fn a_certificate_is_read_from_der_and_from_pem() {
        let der = [&[0x30, 0x82, 0, 3][..], &[1, 2, 3]].concat();
        assert_eq!(certificate(&der), Some(der.clone()));
        let pem = b"x\n-----BEGIN CERTIFICATE-----\nMIIAAwEC\nAw==\n-----END CERTIFICATE-----\n";
        assert_eq!(certificate(pem), Some(der.clone()));
        assert_eq!(certificate(b"no certificate"), None);
        assert_eq!(blob(&der)[..12], [32, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0]);
        assert_eq!(thumbprint(b"abc"), "A9993E364706816ABA3E25717850C26C9CD0D89D");
    }
}
