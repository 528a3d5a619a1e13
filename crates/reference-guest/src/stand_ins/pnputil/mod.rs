//! `pnputil.exe`: driver packages go into the driver store and get a published name (Microsoft Learn,
//! `PnPUtil` Command Syntax and Return Values). No driver is ever loaded.

mod inf;

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::{Answer, Call, Program, bcdedit, certutil};
use crate::power::{self, End};
use crate::{block, system_files, windows_path};
use inf::Inf;

const INF_DIRECTORY: &str = "Windows/INF";
const STORE: &str = "Windows/System32/DriverStore/FileRepository";
const WHQL_SIGNER: &str = "Microsoft Windows Hardware Compatibility Publisher";

const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_NO_MORE_ITEMS: u32 = 259;
// SPAPI, winerror.h and wintrust.
const ERROR_NO_CATALOG_FOR_OEM_INF: u32 = 0xE000_022F;
const CERT_E_UNTRUSTEDROOT: u32 = 0x800B_0109;
const ERROR_AUTHENTICODE_TRUST_NOT_ESTABLISHED: u32 = 0xE000_0242;
const TRUST_E_NOSIGNATURE: u32 = 0x800B_0100;

/// One order that is understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Add { file: String, subdirectories: bool, install: bool, reboot: bool },
    Enumerate,
    Delete { name: String },
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let lower: Vec<String> = words
        .iter()
        .map(|word| word.strip_prefix(['/', '-']).map_or_else(|| format!("={word}"), str::to_ascii_lowercase))
        .collect();
    let has = |option: &str| lower.iter().any(|word| word == option);
    let only =
        |known: &[&str]| lower.iter().all(|word| word.starts_with('=') || known.contains(&word.as_str()));
    let names: Vec<&String> = words.iter().filter(|word| !word.starts_with(['/', '-'])).collect();
    match (lower.first().map(String::as_str)?, names.as_slice()) {
        ("add-driver", [file]) if only(&["add-driver", "subdirs", "install", "reboot"]) => Some(Order::Add {
            file: (*file).clone(),
            subdirectories: has("subdirs"),
            install: has("install"),
            reboot: has("reboot"),
        }),
        // The syntax before Windows 10, which still works.
        ("i" | "a", [file]) if only(&["i", "a"]) && has("a") => Some(Order::Add {
            file: (*file).clone(),
            subdirectories: false,
            install: has("i"),
            reboot: false,
        }),
        ("enum-drivers" | "e", []) if only(&["enum-drivers", "e"]) => Some(Order::Enumerate),
        ("delete-driver", [name]) if only(&["delete-driver", "uninstall", "force"]) => {
            Some(Order::Delete { name: (*name).clone() })
        }
        _ => None,
    }
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(order) = parse(&call.words) else { return Ok(Answer::Refused) };
    program.print("Microsoft PnP Utility\r\n")?;
    match order {
        Order::Add { file, subdirectories, install, reboot } => {
            let code = add_all(&call.place(&file), subdirectories, install, program)?;
            if code == 0 && reboot {
                power::schedule(End::Restart, std::time::Duration::from_secs(1));
            }
            Ok(Answer::Exit(code))
        }
        Order::Enumerate => enumerate(program),
        Order::Delete { name } => delete(&name, program),
    }
}

/// The files that a name with `*` means; without one, the file itself.
pub(crate) fn meant(pattern: &Path, subdirectories: bool) -> Vec<PathBuf> {
    let (Some(directory), Some(name)) = (pattern.parent(), pattern.file_name()) else { return Vec::new() };
    let name = name.to_string_lossy().to_lowercase();
    let Some((before, after)) = name.split_once('*') else {
        return pattern.is_file().then(|| pattern.to_owned()).into_iter().collect();
    };
    let mut found = Vec::new();
    let mut entries = block::entries(directory);
    entries.sort();
    for entry in entries {
        let (path, lower) = (directory.join(&entry), entry.to_lowercase());
        if path.is_dir() && subdirectories {
            found.extend(meant(&path.join(&name), true));
        } else if path.is_file()
            && lower.len() >= before.len() + after.len()
            && lower.starts_with(before)
            && lower.ends_with(after)
        {
            found.push(path);
        }
    }
    found
}

fn add_all(
    pattern: &Path,
    subdirectories: bool,
    install: bool,
    program: &mut Program<'_>,
) -> io::Result<u32> {
    let files = meant(pattern, subdirectories);
    if files.is_empty() {
        program.print("Failed to find any matching driver packages.\r\n")?;
        return Ok(ERROR_FILE_NOT_FOUND);
    }
    let (mut added, mut outcome) = (0, 0);
    for file in &files {
        program.print(&format!(
            "Adding driver package:  {}",
            file.file_name().unwrap_or_default().to_string_lossy()
        ))?;
        let code = match add(file, program)? {
            Ok((name, ids)) => {
                added += 1;
                program.print(&format!(
                    "Driver package added successfully.\r\nPublished Name:         {name}"
                ))?;
                if install { installed(&ids, program)? } else { 0 }
            }
            Err(code) => {
                program.print(&format!("Failed to add driver package: {}", message(code)))?;
                code
            }
        };
        // The first trouble is told by the exit code.
        if outcome == 0 || outcome == ERROR_NO_MORE_ITEMS {
            outcome = if code == 0 { outcome } else { code };
        }
        program.print("")?;
    }
    program.print(&format!("Total driver packages:  {}\r\nAdded driver packages:  {added}", files.len()))?;
    Ok(outcome)
}

/// Says for which devices of the machine the package is.
fn installed(ids: &[String], program: &mut Program<'_>) -> io::Result<u32> {
    let devices: Vec<String> =
        pci_devices().into_iter().filter(|device| ids.iter().any(|id| is_for(id, device))).collect();
    for device in &devices {
        program.print(&format!("Driver package installed on device: {device}"))?;
    }
    Ok(if devices.is_empty() { ERROR_NO_MORE_ITEMS } else { 0 })
}

/// `PCI\VEN_v&DEV_d&SUBSYS_s&REV_r` of every device.
fn pci_devices() -> Vec<String> {
    const DEVICES: &str = "/sys/bus/pci/devices";
    let describe = |device: &String| {
        let read = |name: &str| {
            let text = fs::read_to_string(format!("{DEVICES}/{device}/{name}")).ok()?;
            Some(text.trim().trim_start_matches("0x").to_ascii_uppercase())
        };
        Some(format!(
            "PCI\\VEN_{}&DEV_{}&SUBSYS_{}{}&REV_{}",
            read("vendor")?,
            read("device")?,
            read("subsystem_device")?,
            read("subsystem_vendor")?,
            read("revision")?
        ))
    };
    let mut devices: Vec<String> = block::entries(DEVICES).iter().filter_map(describe).collect();
    devices.sort();
    devices
}

/// Whether a hardware identifier names a device: all that it says must be true of it.
fn is_for(id: &str, device: &str) -> bool {
    let parts: Vec<&str> = device.split('&').collect();
    !id.is_empty() && id.split('&').all(|part| parts.contains(&part)) && id.starts_with("PCI\\VEN_")
}

/// A package whose files and signature are good.
struct Package {
    inf: Inf,
    bytes: Vec<u8>,
    catalog: String,
}

/// Puts a package into the store; its published name and what it is for.
fn add(file: &Path, program: &mut Program<'_>) -> io::Result<Result<(String, Vec<String>), u32>> {
    let directory = file.parent().unwrap_or(Path::new("/"));
    let (package, signature) = match read_package(file, directory) {
        Ok(read) => read,
        Err(code) => return Ok(Err(code)),
    };
    let mut stores = [false; 2];
    for certificate in certificates(&signature) {
        for (trusted, store) in stores.iter_mut().zip(["Root", "TrustedPublisher"]) {
            *trusted |= certutil::is_in_store(program, store, certificate)?;
        }
    }
    let verdict = check_signature(&signature, bcdedit::test_signed_drivers_allowed(), stores);
    Ok(verdict.and_then(|()| store(file, directory, package)))
}

/// Puts a package into the store of an image that does not run, whose certificate stores nobody has filled; its
/// published name.
pub(crate) fn add_offline(file: &Path, unsigned_allowed: bool) -> Result<String, u32> {
    let directory = file.parent().unwrap_or(Path::new("/"));
    let (package, signature) = read_package(file, directory)?;
    check_signature(&signature, unsigned_allowed, [false; 2])?;
    store(file, directory, package).map(|(name, _)| name)
}

/// Whether the package is one that could be added: the code of what is wrong with it.
pub(crate) fn check_package(file: &Path, unsigned_allowed: bool) -> Result<(), u32> {
    let directory = file.parent().unwrap_or(Path::new("/"));
    let (package, signature) = read_package(file, directory)?;
    check_signature(&signature, unsigned_allowed, [false; 2])?;
    let is_there = |name: &String| windows_path::resolve(directory, name).is_file();
    if package.inf.source_files().iter().all(is_there) { Ok(()) } else { Err(ERROR_FILE_NOT_FOUND) }
}

fn read_package(file: &Path, directory: &Path) -> Result<(Package, Vec<u8>), u32> {
    let bytes = fs::read(file).map_err(|_| ERROR_FILE_NOT_FOUND)?;
    let inf = Inf::parse(&bytes)?;
    let catalog = inf.version()?.catalog.ok_or(ERROR_NO_CATALOG_FOR_OEM_INF)?;
    let signature =
        fs::read(windows_path::resolve(directory, &catalog)).map_err(|_| ERROR_NO_CATALOG_FOR_OEM_INF)?;
    Ok((Package { inf, bytes, catalog }, signature))
}

fn store(file: &Path, directory: &Path, package: Package) -> Result<(String, Vec<String>), u32> {
    let Package { inf, bytes, catalog } = package;
    let mut files = inf.source_files();
    files.push(catalog);
    let store = store_directory(file, &bytes);
    let stored = store_files(directory, &store, &files).and_then(|()| {
        fs::write(store.join(file.file_name().unwrap_or_default().to_ascii_lowercase()), &bytes)
    });
    stored.map_err(|error| error_code(&error))?;
    let name = publish(&bytes).map_err(|error| error_code(&error))?;
    Ok((name, inf.hardware_ids()))
}

fn error_code(error: &io::Error) -> u32 {
    const ERROR_DISK_FULL: u32 = 112;
    const ERROR_WRITE_FAULT: u32 = 29;
    if error.kind() == io::ErrorKind::NotFound {
        ERROR_FILE_NOT_FOUND
    } else if error.kind() == io::ErrorKind::StorageFull {
        ERROR_DISK_FULL
    } else {
        ERROR_WRITE_FAULT
    }
}

/// A catalogue is a PKCS #7 message. Signed by Microsoft's hardware programme it is good for every Windows; by
/// anybody else where the machine trusts authority and publisher, or test signing is on. The hashes in it are
/// not compared.
fn check_signature(catalog: &[u8], test_signing: bool, [root, publisher]: [bool; 2]) -> Result<(), u32> {
    // The object identifier 1.2.840.113549.1.7.2, signedData, in DER.
    const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
    let contains = |part: &[u8]| catalog.windows(part.len()).any(|window| window == part);
    if catalog.first() != Some(&0x30) || !contains(&SIGNED_DATA) {
        return Err(TRUST_E_NOSIGNATURE);
    }
    match (root, publisher) {
        _ if contains(WHQL_SIGNER.as_bytes()) || test_signing => Ok(()),
        (true, true) => Ok(()),
        (true, false) => Err(ERROR_AUTHENTICODE_TRUST_NOT_ESTABLISHED),
        (false, _) => Err(CERT_E_UNTRUSTEDROOT),
    }
}

/// What may be a certificate in a message: every SEQUENCE whose length has two bytes.
fn certificates(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    message.windows(4).enumerate().filter_map(|(at, window)| {
        let &[0x30, 0x82, high, low] = window else { return None };
        message.get(at..at + 4 + usize::from(u16::from_be_bytes([high, low])))
    })
}

/// `NAME.inf_amd64_HASH`: one directory for each content.
fn store_directory(file: &Path, bytes: &[u8]) -> PathBuf {
    let hash = u64::from_be_bytes(Sha256::digest(bytes).first_chunk().copied().unwrap_or_default());
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    system_files::place(&format!("{STORE}/{name}_amd64_{hash:016x}"))
}

fn store_files(from: &Path, store: &Path, files: &[String]) -> io::Result<()> {
    for file in files {
        let target = store.join(file);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(windows_path::resolve(from, file), target)?;
    }
    Ok(())
}

/// The name `oemN.inf` of an INF's content: the one that it has, or the first that is free.
fn publish(bytes: &[u8]) -> io::Result<String> {
    let directory = system_files::place(INF_DIRECTORY);
    fs::create_dir_all(&directory)?;
    for (name, file) in published() {
        if fs::read(file)? == bytes {
            return Ok(name);
        }
    }
    let taken: Vec<String> = published().into_iter().map(|(name, _)| name).collect();
    let mut numbered = (0..=taken.len()).map(|number| format!("oem{number}.inf"));
    let name = numbered.find(|name| !taken.contains(name)).unwrap_or_default();
    fs::write(directory.join(&name), bytes)?;
    Ok(name)
}

fn published() -> Vec<(String, PathBuf)> {
    let directory = system_files::place(INF_DIRECTORY);
    let number = |name: &str| name.strip_prefix("oem")?.strip_suffix(".inf")?.parse::<u32>().ok();
    let mut names: Vec<(u32, String)> = block::entries(&directory)
        .into_iter()
        .map(|name| name.to_ascii_lowercase())
        .filter_map(|name| Some((number(&name)?, name)))
        .collect();
    names.sort();
    names.into_iter().map(|(_, name)| (name.clone(), windows_path::existing(&directory, &name))).collect()
}

/// The store's directory of a published INF, and the INF's original name.
fn original(bytes: &[u8]) -> Option<(PathBuf, String)> {
    let store = system_files::place(STORE);
    block::entries(&store).into_iter().find_map(|entry| {
        let (name, _) = entry.rsplit_once("_amd64_")?;
        let directory = store.join(&entry);
        (fs::read(directory.join(name)).ok()? == bytes).then(|| (directory.clone(), name.to_owned()))
    })
}

fn enumerate(program: &mut Program<'_>) -> io::Result<Answer> {
    let published = published();
    if published.is_empty() {
        program.print("No published driver packages were found on the system.")?;
        return Ok(Answer::Exit(ERROR_NO_MORE_ITEMS));
    }
    for (name, file) in published {
        let bytes = fs::read(file)?;
        let Ok(version) = Inf::parse(&bytes).and_then(|inf| inf.version()) else { continue };
        let found = original(&bytes);
        let signer = found
            .as_ref()
            .zip(version.catalog.as_ref())
            .and_then(|((directory, _), catalog)| fs::read(directory.join(catalog)).ok())
            .filter(|catalog| check_signature(catalog, false, [false; 2]).is_ok())
            .map_or("Unknown", |_| WHQL_SIGNER);
        let lines = [
            ("Published Name", name),
            ("Original Name", found.map_or_else(String::new, |(_, name)| name)),
            ("Provider Name", version.provider),
            ("Class Name", version.class),
            ("Class GUID", version.class_guid),
            ("Driver Version", version.driver),
            ("Signer Name", signer.to_owned()),
        ];
        let lines: Vec<String> =
            lines.iter().map(|(label, text)| format!("{:20}{text}", format!("{label}:"))).collect();
        program.print(&format!("{}\r\n", lines.join("\r\n")))?;
    }
    Ok(Answer::Exit(0))
}

fn delete(name: &str, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some((_, file)) = published().into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        program.print(&format!("Failed to delete driver package: {}", message(ERROR_FILE_NOT_FOUND)))?;
        return Ok(Answer::Exit(ERROR_FILE_NOT_FOUND));
    };
    if let Some((directory, _)) = original(&fs::read(&file)?) {
        fs::remove_dir_all(directory)?;
    }
    fs::remove_file(file)?;
    program.print("Driver package deleted successfully.")?;
    Ok(Answer::Exit(0))
}

/// Windows' own words for an error.
pub(crate) fn message(code: u32) -> String {
    let text = match code {
        ERROR_FILE_NOT_FOUND => "The system cannot find the file specified.",
        ERROR_NO_CATALOG_FOR_OEM_INF => "The third-party INF does not contain digital signature information.",
        CERT_E_UNTRUSTEDROOT => {
            "A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider."
        }
        ERROR_AUTHENTICODE_TRUST_NOT_ESTABLISHED => {
            "The publisher of an Authenticode(tm) signed catalog has not yet been established as trusted."
        }
        TRUST_E_NOSIGNATURE => "No signature was present in the subject.",
        inf::ERROR_GENERAL_SYNTAX => "A syntax error was found in the INF.",
        inf::ERROR_WRONG_INF_STYLE => "The style of the INF is different than what was requested.",
        inf::ERROR_SECTION_NOT_FOUND => "The required section was not found in the INF.",
        112 => "There is not enough space on the disk.",
        _ => return format!("error 0x{code:08X}"),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn both_syntaxes_are_understood() {
        let add = |install, subdirectories| {
            Some(Order::Add { file: "E:\\*.inf".to_owned(), subdirectories, install, reboot: false })
        };
        assert_eq!(parse(&words("/add-driver E:\\*.inf /install")), add(true, false));
        assert_eq!(parse(&words("/add-driver E:\\*.inf /subdirs")), add(false, true));
        assert_eq!(parse(&words("-i -a E:\\*.inf")), add(true, false));
        assert_eq!(parse(&words("/enum-drivers")), Some(Order::Enumerate));
        for refused in
            ["", "/add-driver", "/add-driver a.inf /quick", "/scan-devices", "-i a.inf", "/enum-drivers x"]
        {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }

    #[test]
    fn a_device_is_meant_by_any_part_of_its_identifier() {
        let device = "PCI\\VEN_1AF4&DEV_1003&SUBSYS_00031AF4&REV_00";
        for (id, yes) in [
            ("PCI\\VEN_1AF4&DEV_1003", true),
            ("PCI\\VEN_1AF4&DEV_1003&SUBSYS_00031AF4&REV_00", true),
            ("PCI\\VEN_1AF4&DEV_100", false),
            ("PCI\\VEN_8086&DEV_1003", false),
            ("ROOT\\VOLMGR", false),
        ] {
            assert_eq!(is_for(id, device), yes, "{id}");
        }
    }

    #[test]
    fn a_signature_is_good_by_its_signer_by_trust_or_by_test_signing() {
        let mut catalog =
            vec![0x30, 0x82, 0, 11, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
        assert_eq!(check_signature(b"nonsense", true, [true; 2]), Err(TRUST_E_NOSIGNATURE));
        assert_eq!(check_signature(&catalog, false, [false; 2]), Err(CERT_E_UNTRUSTEDROOT));
        assert_eq!(check_signature(&catalog, false, [false, true]), Err(CERT_E_UNTRUSTEDROOT));
        assert_eq!(
            check_signature(&catalog, false, [true, false]),
            Err(ERROR_AUTHENTICODE_TRUST_NOT_ESTABLISHED)
        );
        assert_eq!(check_signature(&catalog, false, [true; 2]), Ok(()));
        assert_eq!(check_signature(&catalog, true, [false; 2]), Ok(()));
        assert_eq!(certificates(&catalog).collect::<Vec<_>>(), [catalog.as_slice()]);
        catalog.extend(WHQL_SIGNER.bytes());
        assert_eq!(check_signature(&catalog, false, [false; 2]), Ok(()));
    }

    #[test]
    fn a_pattern_means_files_of_its_directory_or_below() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("sub")).unwrap();
        for name in ["b.INF", "a.inf", "a.sys", "sub/c.inf"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let names = |pattern: &str, below| {
            meant(&directory.path().join(pattern), below)
                .iter()
                .map(|path| path.strip_prefix(directory.path()).unwrap().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("*.inf", false), ["a.inf", "b.INF"]);
        assert_eq!(names("*.inf", true), ["a.inf", "b.INF", "sub/c.inf"]);
        assert_eq!(names("a.sys", false), ["a.sys"]);
        assert!(names("x.inf", false).is_empty());
    }
}
