//! The initramfs: this program as `/init` and the kernel's modules in their order. One input gives
//! one sequence of bytes, on any day.

use std::{
    io::{self, Cursor},
    path::{Path, PathBuf},
    time::Duration,
};

use cpio::{NewcBuilder, write_cpio};

use super::modules::{Index, ModuleError};
use crate::{
    blame::Blame,
    tool::{Tool, ToolError},
};

// Types and permissions as cpio's newc format stores them: those of stat(2).
const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// In the guest: the modules, each with its place in the order in its name.
pub(super) const MODULES: &str = "/modules";
/// How long one module may take to be decompressed.
const DECOMPRESSION: Duration = Duration::from_secs(120);
/// What ends a signed module (kernel/module/signing.c), and the length of the record before it.
const SIGNATURE_MARK: &[u8] = b"~Module signature appended~\n";
const SIGNATURE_RECORD: usize = 12;

/// What an initramfs is made of.
#[derive(Debug)]
pub struct Initramfs<'a> {
    /// The program that becomes `/init`.
    pub init: &'a Path,
    /// A directory with `lib/modules/VERSION`.
    pub modules: &'a Path,
    /// Names of the modules that are loaded; `NAME?` is left out if the kernel does not have it.
    pub wanted: &'a [String],
    /// `xz`, for modules that end in `.xz`.
    pub xz: &'a Path,
    /// `zstd`, for modules that end in `.zst`.
    pub zstd: &'a Path,
}

/// Why an initramfs could not be written.
#[derive(Debug, thiserror::Error)]
pub enum InitramfsError {
    /// The kernel's modules lie elsewhere.
    #[error("{} has {found} directories, but it should have the one of the kernel's version", directory.display())]
    Version {
        /// `lib/modules` of what was given.
        directory: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// A module is missing.
    #[error("{}: {problem}", directory.display())]
    Modules {
        /// The modules' directory.
        directory: PathBuf,
        /// Which.
        problem: ModuleError,
    },
    /// A module could not be decompressed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A file could not be read or written; its path is in the cause.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl InitramfsError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Version { .. } | Self::Modules { .. } => Blame::Input,
            Self::Tool(_) | Self::Io(_) => Blame::Host,
        }
    }
}

impl Initramfs<'_> {
    /// Writes the archive.
    ///
    /// # Errors
    /// [`InitramfsError`]
    pub async fn write(&self, out: &Path) -> Result<(), InitramfsError> {
        let directory = self.version_directory()?;
        let read = |name: &str| fs_err::read_to_string(directory.join(name));
        // A kernel whose modules wish nothing may have no such file.
        let wishes = read("modules.softdep").unwrap_or_default();
        let index = Index::parse(&read("modules.dep")?, &wishes, &read("modules.builtin")?);
        let mut wanted = Vec::new();
        for name in self.wanted {
            match name.strip_suffix('?') {
                Some(name) if index.order(&[name.to_owned()]).is_err() => {}
                Some(name) => wanted.push(name.to_owned()),
                None => wanted.push(name.clone()),
            }
        }
        let order = index
            .order(&wanted)
            .map_err(|problem| InitramfsError::Modules { directory: directory.clone(), problem })?;
        let mut modules = Vec::new();
        for file in order {
            let bytes = self.module(&directory.join(&file)).await?;
            modules.push((module_name(&file), unsigned(bytes)));
        }
        fs_err::write(out, archive(fs_err::read(self.init)?, modules)?)?;
        Ok(())
    }

    fn version_directory(&self) -> Result<PathBuf, InitramfsError> {
        let directory = self.modules.join("lib/modules");
        let mut versions = Vec::new();
        for entry in fs_err::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() {
                versions.push(path);
            }
        }
        match (versions.pop(), versions.len()) {
            (Some(version), 0) => Ok(version),
            (None, found) => Err(InitramfsError::Version { directory, found }),
            (Some(_), others) => Err(InitramfsError::Version { directory, found: others + 1 }),
        }
    }

    async fn module(&self, file: &Path) -> Result<Vec<u8>, InitramfsError> {
        let program = match file.extension().and_then(|extension| extension.to_str()) {
            Some("xz") => self.xz,
            Some("zst") => self.zstd,
            _ => return Ok(fs_err::read(file)?),
        };
        let tool = Tool::new(program).words(["-d", "-c", "-q"]).words([file]);
        Ok(tool.run(DECOMPRESSION).await?)
    }
}

fn module_name(file: &str) -> String {
    let base = file.rsplit('/').next().unwrap_or(file);
    base.split(".ko").next().unwrap_or(base).to_owned()
}

/// Without its signature, which costs the guest an RSA operation and a hash of the module, and which
/// a guest does not need that is started with these modules and no others.
fn unsigned(mut module: Vec<u8>) -> Vec<u8> {
    // struct module_signature: five bytes, three of padding, the signature's length, big-endian.
    let length = || {
        let end = module.strip_suffix(SIGNATURE_MARK)?;
        let record = end.get(end.len().checked_sub(SIGNATURE_RECORD)?..)?;
        let signature: [u8; 4] = record.get(8..)?.try_into().ok()?;
        let signature = usize::try_from(u32::from_be_bytes(signature)).ok()?;
        end.len().checked_sub(SIGNATURE_RECORD)?.checked_sub(signature)
    };
    if let Some(length) = length() {
        module.truncate(length);
    }
    module
}

/// Directories stand before what is in them, as the kernel wants it.
fn archive(init: Vec<u8>, modules: Vec<(String, Vec<u8>)>) -> io::Result<Vec<u8>> {
    let entry = |name: &str, mode| NewcBuilder::new(name).mode(mode);
    let mut entries: Vec<(NewcBuilder, Cursor<Vec<u8>>)> =
        ["dev", "proc", "sys", "xchg", "new-root", "modules"]
            .map(|name| (entry(name, DIRECTORY), Cursor::new(Vec::new())))
            .into();
    // Where the first program's messages go until there is a file system of devices (Documentation/admin-guide/devices.txt).
    entries
        .push((entry("dev/console", CHARACTER_DEVICE).rdev_major(5).rdev_minor(1), Cursor::new(Vec::new())));
    entries.push((entry("init", PROGRAM), Cursor::new(init)));
    for (place, (name, bytes)) in modules.into_iter().enumerate() {
        entries.push((entry(&format!("modules/{place:03}-{name}"), FILE), Cursor::new(bytes)));
    }
    // Hard links are what have one number: every entry has its own.
    let numbered = (1..).zip(entries).map(|(number, (entry, bytes))| (entry.ino(number), bytes));
    write_cpio(numbered, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_cut_off_and_nothing_else() {
        let signed =
            [b"code".as_slice(), b"SIGNATURE", &[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 9], SIGNATURE_MARK]
                .concat();
        assert_eq!(unsigned(signed), b"code");
        assert_eq!(unsigned(b"code".to_vec()), b"code");
        let lying = [&[0, 0, 2, 0, 0, 0, 0, 0, 255, 0, 0, 9], SIGNATURE_MARK].concat();
        assert_eq!(unsigned(lying.clone()), lying);
    }

    #[test]
    fn the_order_is_in_the_names_and_the_same_input_gives_the_same_bytes() {
        let modules = || vec![("crc16".to_owned(), b"a".to_vec()), ("ext4".to_owned(), b"b".to_vec())];
        let bytes = archive(b"program".to_vec(), modules()).unwrap();
        assert_eq!(bytes, archive(b"program".to_vec(), modules()).unwrap());
        let (mut names, mut rest) = (Vec::new(), bytes.as_slice());
        loop {
            let reader = cpio::NewcReader::new(rest).unwrap();
            if reader.entry().is_trailer() {
                break;
            }
            names.push(reader.entry().name().to_owned());
            rest = reader.finish().unwrap();
        }
        let wanted = [
            "dev",
            "proc",
            "sys",
            "xchg",
            "new-root",
            "modules",
            "dev/console",
            "init",
            "modules/000-crc16",
            "modules/001-ext4",
        ];
        assert_eq!(names, wanted);
    }
}
