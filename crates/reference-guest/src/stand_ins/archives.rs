//! `tar.exe`, which Windows has since 2018 (it is bsdtar): tar, with and without gzip, and reading of zip.

use std::io::{self, BufWriter, Cursor, Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use flate2::write::GzEncoder;
use fs_err as fs;

use super::{Answer, Call, Program};
use crate::windows_path;

const FAILED: u32 = 1;
/// What goes to standard output at once.
const PIECE: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Extract,
    List,
    Create,
}

/// One order that is understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    mode: Mode,
    file: String,
    /// Where to go to first.
    directory: Option<String>,
    gzip: bool,
    /// By the archive's name.
    automatic: bool,
    verbose: bool,
    strip: usize,
    names: Vec<String>,
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let mut mode = None;
    let mut order = Order {
        mode: Mode::List,
        file: String::new(),
        directory: None,
        gzip: false,
        automatic: false,
        verbose: false,
        strip: 0,
        names: Vec::new(),
    };
    let mut words = words.iter().enumerate();
    while let Some((index, word)) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            match long.split_once('=') {
                Some(("strip-components", count)) => order.strip = count.parse().ok()?,
                None if long == "strip-components" => order.strip = words.next()?.1.parse().ok()?,
                _ => return None,
            }
            continue;
        }
        // The first word needs no hyphen.
        let Some(letters) = word.strip_prefix('-').or((index == 0).then_some(word.as_str())) else {
            order.names.push(word.clone());
            continue;
        };
        for letter in letters.chars() {
            match letter {
                'x' | 't' | 'c' if mode.is_none() => {
                    mode = Some(match letter {
                        'x' => Mode::Extract,
                        't' => Mode::List,
                        _ => Mode::Create,
                    });
                }
                'f' => order.file.clone_from(words.next()?.1),
                'C' => order.directory = Some(words.next()?.1.clone()),
                'z' => order.gzip = true,
                'a' => order.automatic = true,
                'v' => order.verbose = true,
                'm' | 'p' | 'o' | 'k' => {}
                _ => return None,
            }
        }
    }
    order.mode = mode?;
    let fits = match order.mode {
        Mode::Create => !order.names.is_empty() && order.strip == 0,
        Mode::Extract => order.names.is_empty(),
        Mode::List => order.names.is_empty() && !order.verbose,
    };
    // A hyphen is standard input, which nothing here reads, or standard output.
    let stream = order.file == "-" && (order.mode != Mode::Create || order.gzip || order.automatic);
    (fits && !order.file.is_empty() && !stream).then_some(order)
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(order) = parse(&call.words) else { return Ok(Answer::Refused) };
    let directory =
        order.directory.as_ref().map_or_else(|| call.place("."), |directory| call.place(directory));
    if !directory.is_dir() {
        program
            .complain(&format!("tar: could not chdir to '{}'\r\n", order.directory.unwrap_or_default()))?;
        return Ok(Answer::Exit(FAILED));
    }
    let file = call.place(&order.file);
    if order.mode == Mode::Create && order.file == "-" {
        let mut output = BufWriter::with_capacity(PIECE, Output(program));
        let created = pack(&mut output, &directory, &order.names).and_then(|()| output.flush());
        drop(output);
        return told(created, program);
    }
    if order.mode == Mode::Create {
        let suffix = order.file.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
        let gzip = order.gzip || (order.automatic && ["gz", "tgz"].contains(&suffix.as_str()));
        if order.automatic && !gzip && suffix != "tar" {
            return Ok(Answer::Refused);
        }
        return told(create(&file, &directory, &order.names, gzip), program);
    }
    let Ok(bytes) = fs::read(&file) else {
        program.complain(&format!("tar: Error opening archive: Failed to open '{}'", order.file))?;
        return Ok(Answer::Exit(FAILED));
    };
    let mut names = Vec::new();
    let extracting = order.mode == Mode::Extract;
    let outcome = match bytes.as_slice() {
        [b'P', b'K', 3, 4, ..] if order.strip > 0 => return Ok(Answer::Refused),
        [b'P', b'K', 3, 4, ..] => zip_entries(&bytes).and_then(|entries| {
            names = entries.iter().map(|entry| entry.name.clone()).collect();
            if extracting { unpack_zip(&bytes, &directory, true) } else { Ok(()) }
        }),
        // bzip2, xz, zstd: Windows' tar reads them since 11 23H2, this one does not.
        [b'B', b'Z', b'h', ..] | [0xFD, b'7', b'z', ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            return Ok(Answer::Refused);
        }
        [0x1F, 0x8B, ..] => unpack_tar(MultiGzDecoder::new(bytes.as_slice()), &directory, &order, &mut names),
        _ => unpack_tar(bytes.as_slice(), &directory, &order, &mut names),
    };
    for name in names {
        if !extracting {
            program.print(&name)?;
        } else if order.verbose {
            program.complain(&format!("x {name}"))?;
        }
    }
    told(outcome, program)
}

fn told(outcome: io::Result<()>, program: &mut Program<'_>) -> io::Result<Answer> {
    match outcome {
        Ok(()) => Ok(Answer::Exit(0)),
        Err(error) => {
            program.complain(&format!("tar: {error}\r\ntar: Error exit delayed from previous errors."))?;
            Ok(Answer::Exit(FAILED))
        }
    }
}

/// A name of an archive below a directory, or nothing for one that would lead out of it.
fn below(directory: &Path, name: &str, strip: usize) -> Option<PathBuf> {
    let name = name.replace('\\', "/");
    let parts: Vec<Component<'_>> =
        Path::new(&name).components().filter(|part| *part != Component::CurDir).skip(strip).collect();
    let safe = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    let path: PathBuf = parts.iter().collect();
    (safe && !parts.is_empty()).then(|| windows_path::resolve(directory, &path.to_string_lossy()))
}

fn unpack_tar(
    archive: impl Read,
    directory: &Path,
    order: &Order,
    names: &mut Vec<String>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if order.mode == Mode::Extract {
            let Some(target) = below(directory, &name, order.strip) else {
                if Path::new(&name).components().any(|part| part == Component::ParentDir) {
                    return Err(io::Error::other(format!("{name}: Path contains '..'")));
                }
                continue;
            };
            let kind = entry.header().entry_type();
            if kind.is_dir() {
                fs::create_dir_all(target)?;
            } else if kind.is_file() || kind.is_contiguous() {
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent)?;
                }
                io::copy(&mut entry, &mut fs::File::create(target)?)?;
            } else {
                return Err(io::Error::other(format!("{name}: Cannot create an entry of the kind {kind:?}")));
            }
        }
        names.push(name);
    }
    Ok(())
}

/// Standard output of the program.
struct Output<'a, 'p>(&'a mut Program<'p>);

impl Write for Output<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Links stay links.
fn pack(archive: impl Write, directory: &Path, names: &[String]) -> io::Result<()> {
    let mut builder = tar::Builder::new(archive);
    builder.follow_symlinks(false);
    // The kernel's NTFS tells of a hole where what was just written has no cluster yet.
    builder.sparse(false);
    for name in names {
        let name = name.replace('\\', "/");
        let place = windows_path::resolve(directory, &name);
        if place.is_dir() {
            builder.append_dir_all(&name, place)?;
        } else {
            builder.append_path_with_name(place, &name)?;
        }
    }
    builder.finish()
}

fn create(file: &Path, directory: &Path, names: &[String], gzip: bool) -> io::Result<()> {
    let mut bytes = Vec::new();
    pack(&mut bytes, directory, names)?;
    if !gzip {
        return fs::write(file, bytes);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&bytes)?;
    fs::write(file, encoder.finish()?)
}

/// A file or directory in a zip archive.
struct ZipEntry {
    name: String,
    method: u16,
    compressed: usize,
    /// Of the local header.
    offset: usize,
}

fn zip_damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the zip archive is damaged, encrypted or larger than 4 GiB")
}

/// The central directory (PKWARE's APPNOTE, 4.3.12).
fn zip_entries(archive: &[u8]) -> io::Result<Vec<ZipEntry>> {
    let word = |at: usize| -> Option<u16> { Some(u16::from_le_bytes(*archive.get(at..)?.first_chunk()?)) };
    let long = |at: usize| -> Option<usize> {
        usize::try_from(u32::from_le_bytes(*archive.get(at..)?.first_chunk()?))
            .ok()
            .filter(|value| *value != u32::MAX as usize)
    };
    let read = || {
        // The end record lies before a comment of at most 65535 bytes.
        let end = archive.windows(4).rposition(|window| window == b"PK\x05\x06")?;
        archive.get(end..end + 22)?;
        let mut at = long(end + 16)?;
        let mut entries = Vec::new();
        for _ in 0..word(end + 10)? {
            if archive.get(at..at + 4)? != b"PK\x01\x02" || word(at + 8)? & 1 == 1 {
                return None;
            }
            let lengths = [word(at + 28)?, word(at + 30)?, word(at + 32)?].map(usize::from);
            let name = archive.get(at + 46..at + 46 + lengths[0])?;
            entries.push(ZipEntry {
                name: String::from_utf8_lossy(name).into_owned(),
                method: word(at + 10)?,
                compressed: long(at + 20)?,
                offset: long(at + 42)?,
            });
            at += 46 + lengths.iter().sum::<usize>();
        }
        Some(entries)
    };
    read().ok_or_else(zip_damaged)
}

/// Unpacks a zip archive; without `force` a file that is there is an error.
pub(super) fn unpack_zip(archive: &[u8], directory: &Path, force: bool) -> io::Result<()> {
    for entry in zip_entries(archive)? {
        let target = below(directory, &entry.name, 0).ok_or_else(|| {
            io::Error::other(format!("{}: the name leads out of the directory", entry.name))
        })?;
        if entry.name.ends_with(['/', '\\']) {
            fs::create_dir_all(target)?;
            continue;
        }
        let data = || {
            let length = |at: usize| -> Option<usize> {
                Some(usize::from(u16::from_le_bytes(*archive.get(entry.offset + at..)?.first_chunk()?)))
            };
            let start = entry.offset + 30 + length(26)? + length(28)?;
            archive.get(start..start + entry.compressed)
        };
        let data = data().ok_or_else(zip_damaged)?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        if !force && target.exists() {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!(
                    "Failed to create file '{}' while expanding the archive, because it exists",
                    entry.name
                ),
            ));
        }
        let mut source: Box<dyn Read> = match entry.method {
            0 => Box::new(Cursor::new(data)),
            8 => Box::new(DeflateDecoder::new(data)),
            _ => return Err(zip_damaged()),
        };
        io::copy(&mut source, &mut fs::File::create(target)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn options_are_read_bundled_and_apart() {
        let order = |line: &str| parse(&words(line));
        let one = order("-xzf a.tgz -C there").unwrap();
        assert_eq!(
            (one.mode, one.file.as_str(), one.directory.as_deref()),
            (Mode::Extract, "a.tgz", Some("there"))
        );
        assert_eq!(order("xf a.tar").unwrap().mode, Mode::Extract);
        assert_eq!(order("-x -f a.tar --strip-components=1").unwrap().strip, 1);
        assert_eq!(order("-a -c -f a.tar.gz x y").unwrap().names, ["x", "y"]);
        for refused in
            ["", "-xf", "-xf -", "-cf a.tar", "-xf a.tar one", "-rf a.tar x", "-tvf a.tar", "--version"]
        {
            assert_eq!(order(refused), None, "{refused}");
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("from/Sub")).unwrap();
        fs::create_dir(root.join("to")).unwrap();
        fs::write(root.join("from/Sub/x"), "text").unwrap();
        for gzip in [false, true] {
            let archive = root.join("a");
            create(&archive, &root.join("from"), &["sub".to_owned()], gzip).unwrap();
            let bytes = fs::read(&archive).unwrap();
            assert_eq!(bytes.starts_with(&[0x1F, 0x8B]), gzip);
            let order = Order { strip: 1, ..parse(&words("-xf a")).unwrap() };
            let mut names = Vec::new();
            let source: Box<dyn Read> = if gzip {
                Box::new(MultiGzDecoder::new(bytes.as_slice()))
            } else {
                Box::new(bytes.as_slice())
            };
            unpack_tar(source, &root.join("to"), &order, &mut names).unwrap();
            assert_eq!(fs::read(root.join("to/x")).unwrap(), b"text");
            assert_eq!(names.last().unwrap(), "sub/x");
            fs::remove_file(root.join("to/x")).unwrap();
        }
    }

    // Made by Python's zipfile: d/ and d/hello, deflated, 30 letters a.
    const ZIP: &[u8] = include_bytes!("fixtures/small.zip");

    #[test]
    fn a_zip_archive_is_unpacked_once() {
        let directory = tempfile::tempdir().unwrap();
        unpack_zip(ZIP, directory.path(), false).unwrap();
        assert_eq!(fs::read(directory.path().join("d/hello")).unwrap(), "a".repeat(30).as_bytes());
        assert_eq!(
            unpack_zip(ZIP, directory.path(), false).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert!(unpack_zip(ZIP, directory.path(), true).is_ok());
        for length in 0..ZIP.len() {
            assert!(zip_entries(&ZIP[..length]).is_err());
        }
    }

    #[test]
    fn no_name_leads_out_of_the_directory() {
        let directory = Path::new("/no/such");
        assert_eq!(below(directory, "./a\\b", 0), Some(PathBuf::from("/no/such/a/b")));
        for name in ["../a", "a/../../b", "/a", "..\\a", ""] {
            assert_eq!(below(directory, name, 0), None, "{name}");
        }
    }
}
