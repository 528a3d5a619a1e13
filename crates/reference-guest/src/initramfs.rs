//! The initramfs: this program as `/init`, the kernel modules, and the order to
//! load them in. One input gives one sequence of bytes, on any day.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::io::{self, Cursor, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use cpio::{NewcBuilder, write_cpio};
use fs_err as fs;

// Types and permissions as cpio's newc format stores them: those of stat(2).
const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;

/// The subcommand `initramfs`: runs at the build of the ISO, not in the guest.
pub(crate) fn command(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let written = Request::parse(arguments).and_then(|request| request.write());
    let Err(error) = written else { return ExitCode::SUCCESS };
    let mut text = format!("reference-guest: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    // Where even that fails, the exit status remains.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// Why an initramfs could not be written.
#[derive(Debug, thiserror::Error)]
enum InitramfsError {
    /// The command line is not as `USAGE` says.
    #[error("usage: reference-guest initramfs --out FILE --init PROGRAM --modules DIRECTORY --order FILE")]
    Usage,
    /// The order and the directory disagree.
    #[error("{} names the module {name}, which {} does not hold", order.display(), modules.display())]
    NoSuchModule { name: String, order: PathBuf, modules: PathBuf },
    /// A file could not be read or written; its path is in the cause.
    #[error("the initramfs could not be written")]
    Io(#[from] io::Error),
}

/// What `reference-guest initramfs` is asked for.
#[derive(Debug, PartialEq)]
struct Request {
    out: PathBuf,
    init: PathBuf,
    modules: PathBuf,
    order: PathBuf,
}

impl Request {
    /// Reads the arguments that follow `initramfs`.
    ///
    /// # Errors
    /// `Usage`: an option is unknown, missing, repeated or without a value.
    fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, InitramfsError> {
        let (mut out, mut init, mut modules, mut order) = (None, None, None, None);
        let mut arguments = arguments.into_iter();
        while let Some(option) = arguments.next() {
            let place: &mut Option<PathBuf> = match option.as_str() {
                "--out" => &mut out,
                "--init" => &mut init,
                "--modules" => &mut modules,
                "--order" => &mut order,
                _ => return Err(InitramfsError::Usage),
            };
            let value = arguments.next().ok_or(InitramfsError::Usage)?;
            if place.replace(PathBuf::from(value)).is_some() {
                return Err(InitramfsError::Usage);
            }
        }
        match (out, init, modules, order) {
            (Some(out), Some(init), Some(modules), Some(order)) => Ok(Self { out, init, modules, order }),
            _ => Err(InitramfsError::Usage),
        }
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// `NoSuchModule`, and `Io` for what cannot be read or written.
    fn write(&self) -> Result<(), InitramfsError> {
        let order = fs::read_to_string(&self.order)?;
        let mut entries = vec![
            (String::from("modules"), DIRECTORY, Vec::new()),
            (String::from("init"), PROGRAM, fs::read(&self.init)?),
        ];
        for name in module_names(&order) {
            let path = self.modules.join(name);
            if !path.is_file() {
                return Err(InitramfsError::NoSuchModule {
                    name: name.to_owned(),
                    order: self.order.clone(),
                    modules: self.modules.clone(),
                });
            }
            entries.push((format!("modules/{name}"), FILE, fs::read(&path)?));
            let signature = signature_of(name);
            if self.modules.join(&signature).is_file() {
                entries.push((format!("modules/{signature}"), FILE, fs::read(self.modules.join(signature))?));
            }
        }
        entries.push((String::from("modules/order"), FILE, order.into_bytes()));
        fs::write(&self.out, archive(entries)?)?;
        Ok(())
    }
}

/// The file with what a module's signature appends to it.
pub(crate) fn signature_of(module: &str) -> String {
    format!("{module}.signature")
}

/// The files that an order names; a condition may stand before a name.
fn module_names(order: &str) -> BTreeSet<&str> {
    order.lines().filter_map(|line| line.split_whitespace().next_back()).collect()
}

fn archive(entries: Vec<(String, u32, Vec<u8>)>) -> io::Result<Vec<u8>> {
    let inputs = entries
        .into_iter()
        .map(|(name, mode, bytes)| (NewcBuilder::new(&name).mode(mode), Cursor::new(bytes)));
    write_cpio(inputs, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Request, InitramfsError> {
        Request::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_option_is_asked_for_once() {
        let whole = "--out o --init i --modules m --order r";
        assert!(parsed(whole).is_ok());
        for wrong in [
            "--out o --init i --modules m",
            "--out o --init i --modules m --order",
            &format!("{whole} --out p"),
            "--mode 1",
        ] {
            assert!(matches!(parsed(wrong), Err(InitramfsError::Usage)), "{wrong}");
        }
    }

    #[test]
    fn a_condition_is_not_part_of_a_module_name() {
        assert_eq!(module_names("b.ko\n?PNP0700 a.ko\n\n"), BTreeSet::from(["a.ko", "b.ko"]));
    }

    #[test]
    fn the_archive_holds_what_was_given_with_directories_first() {
        let bytes = archive(vec![
            ("modules".to_owned(), DIRECTORY, Vec::new()),
            ("init".to_owned(), PROGRAM, b"program".to_vec()),
        ])
        .unwrap();
        let directory = cpio::NewcReader::new(bytes.as_slice()).unwrap();
        assert_eq!((directory.entry().name(), directory.entry().mode()), ("modules", DIRECTORY));
        let mut file = cpio::NewcReader::new(directory.finish().unwrap()).unwrap();
        assert_eq!((file.entry().name(), file.entry().mode(), file.entry().mtime()), ("init", PROGRAM, 0));
        let mut content = String::new();
        io::Read::read_to_string(&mut file, &mut content).unwrap();
        assert_eq!(content, "program");
    }

    #[test]
    fn a_module_that_is_not_there_is_named() {
        let directory = std::env::temp_dir().join(format!("initramfs-test-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let order = directory.join("order");
        fs::write(&order, "absent.ko\n").unwrap();
        let request = Request {
            out: directory.join("out"),
            init: order.clone(),
            modules: directory.clone(),
            order: order.clone(),
        };
        let error = request.write().unwrap_err();
        assert!(
            matches!(error, InitramfsError::NoSuchModule { ref name, .. } if name == "absent.ko"),
            "{error}"
        );
        assert!(!request.out.exists());
        fs::remove_dir_all(&directory).unwrap();
    }
}
