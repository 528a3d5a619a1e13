//! SFTP with Windows' paths: `/C:/Users/x`, or relative to the profile. Names
//! are found without regard to case, as on Windows.

use std::collections::HashMap;
use std::io::{self, SeekFrom};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use fs_err as fs;
use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, FileMode, Handle, Name, OpenFlags, Status, StatusCode, Version,
};
use russh_sftp::server::{Handler, StatusReply};

use crate::accounts::Account;
use crate::{drive_letters, windows_path};

const LONGEST_READ_BYTES: u32 = 256 << 10;

/// The files that one session sees.
pub(super) struct Files {
    /// `/C:/Users/NAME`.
    home: String,
    open: HashMap<String, Open>,
    next_handle: u64,
}

enum Open {
    File(fs::File),
    Directory(Option<Vec<File>>),
}

impl Files {
    pub(super) fn of(account: &Account) -> Self {
        Self { home: format!("/C:/Users/{}", account.name), open: HashMap::new(), next_handle: 0 }
    }

    /// The full path, in Windows' form with a leading slash.
    fn absolute(&self, path: &str) -> String {
        let path = path.replace('\\', "/");
        let rooted = path.starts_with('/') || is_drive(path.split('/').next().unwrap_or(""));
        let whole = if rooted { path } else { format!("{}/{path}", self.home) };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." {
                // The drive itself has no parent but the list of drives.
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        format!("/{}", parts.join("/"))
    }

    fn place(&self, path: &str) -> Result<PathBuf, StatusReply> {
        let absolute = self.absolute(path);
        let mut parts = absolute.split('/').filter(|part| !part.is_empty());
        let drive = parts.next().filter(|part| is_drive(part)).and_then(|part| part.chars().next());
        let root =
            drive.and_then(drive_letters::root).ok_or_else(|| StatusReply::new(StatusCode::NoSuchFile))?;
        Ok(windows_path::resolve(&root, &parts.collect::<Vec<_>>().join("/")))
    }

    fn add(&mut self, id: u32, open: Open) -> Handle {
        self.next_handle += 1;
        let handle = self.next_handle.to_string();
        self.open.insert(handle.clone(), open);
        Handle { id, handle }
    }

    fn file(&mut self, handle: &str) -> Result<&mut fs::File, StatusReply> {
        match self.open.get_mut(handle) {
            Some(Open::File(file)) => Ok(file),
            _ => Err(StatusReply::new(StatusCode::Failure)),
        }
    }
}

fn is_drive(part: &str) -> bool {
    matches!(part.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

fn attributes(metadata: &std::fs::Metadata) -> FileAttributes {
    let seconds = |time: io::Result<std::time::SystemTime>| {
        time.ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .and_then(|since| u32::try_from(since.as_secs()).ok())
    };
    let mut attributes = FileAttributes {
        size: Some(metadata.len()),
        uid: Some(0),
        gid: Some(0),
        permissions: Some(if metadata.permissions().readonly() { 0o555 } else { 0o777 }),
        atime: seconds(metadata.accessed()),
        mtime: seconds(metadata.modified()),
        ..FileAttributes::empty()
    };
    attributes.set_type(if metadata.is_dir() { FileMode::DIR } else { FileMode::REG });
    attributes
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: io::Error) -> StatusReply {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "io::ErrorKind is open; SFTP has a general failure for the rest"
    )]
    let code = match error.kind() {
        io::ErrorKind::NotFound => StatusCode::NoSuchFile,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StatusCode::PermissionDenied,
        _ => StatusCode::Failure,
    };
    StatusReply::new(code).with_message(error.to_string())
}

fn ok(id: u32) -> Status {
    Status {
        id,
        status_code: StatusCode::Ok,
        error_message: "Ok".to_owned(),
        language_tag: "en-US".to_owned(),
    }
}

impl Handler for Files {
    type Error = StatusReply;

    fn unimplemented(&self) -> Self::Error {
        StatusReply::new(StatusCode::OpUnsupported)
    }

    async fn init(
        &mut self,
        _version: u32,
        _extensions: HashMap<String, String>,
    ) -> Result<Version, Self::Error> {
        Ok(Version::new())
    }

    async fn open(
        &mut self,
        id: u32,
        filename: String,
        flags: OpenFlags,
        _attributes: FileAttributes,
    ) -> Result<Handle, Self::Error> {
        let place = self.place(&filename)?;
        let options = std::fs::OpenOptions::from(flags);
        let file = fs::OpenOptions::from_options(options).open(place).map_err(failed)?;
        Ok(self.add(id, Open::File(file)))
    }

    async fn close(&mut self, id: u32, handle: String) -> Result<Status, Self::Error> {
        match self.open.remove(&handle) {
            Some(_) => Ok(ok(id)),
            None => Err(StatusReply::new(StatusCode::Failure)),
        }
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, length: u32) -> Result<Data, Self::Error> {
        use std::io::{Read as _, Seek as _};
        let file = self.file(&handle)?;
        let mut data = vec![0; length.min(LONGEST_READ_BYTES) as usize];
        let count = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read(&mut data)).map_err(failed)?;
        if count == 0 {
            return Err(StatusReply::new(StatusCode::Eof));
        }
        data.truncate(count);
        Ok(Data { id, data })
    }

    async fn write(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<Status, Self::Error> {
        use std::io::{Seek as _, Write as _};
        let file = self.file(&handle)?;
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(&data)).map_err(failed)?;
        Ok(ok(id))
    }

    async fn lstat(&mut self, id: u32, path: String) -> Result<Attrs, Self::Error> {
        self.stat(id, path).await
    }

    async fn stat(&mut self, id: u32, path: String) -> Result<Attrs, Self::Error> {
        let metadata = fs::metadata(self.place(&path)?).map_err(failed)?;
        Ok(Attrs { id, attrs: attributes(&metadata) })
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Result<Attrs, Self::Error> {
        let metadata = self.file(&handle)?.metadata().map_err(failed)?;
        Ok(Attrs { id, attrs: attributes(&metadata) })
    }

    async fn setstat(
        &mut self,
        id: u32,
        path: String,
        wanted: FileAttributes,
    ) -> Result<Status, Self::Error> {
        let place = self.place(&path)?;
        match wanted.size {
            // Windows has no modes; times are left as they are.
            None => fs::metadata(place).map_err(failed)?,
            Some(size) => {
                let file = fs::OpenOptions::new().write(true).open(place).map_err(failed)?;
                file.set_len(size).and_then(|()| file.metadata()).map_err(failed)?
            }
        };
        Ok(ok(id))
    }

    async fn fsetstat(
        &mut self,
        id: u32,
        handle: String,
        wanted: FileAttributes,
    ) -> Result<Status, Self::Error> {
        let file = self.file(&handle)?;
        if let Some(size) = wanted.size {
            file.set_len(size).map_err(failed)?;
        }
        Ok(ok(id))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Result<Handle, Self::Error> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.place(&path)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Ok(metadata) = fs::metadata(entry.path()) {
                files.push(File::new(entry.file_name().to_string_lossy(), attributes(&metadata)));
            }
        }
        Ok(self.add(id, Open::Directory(Some(files))))
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Result<Name, Self::Error> {
        match self.open.get_mut(&handle) {
            // A directory of thousands does not fit one packet.
            Some(Open::Directory(Some(files))) if !files.is_empty() => {
                let rest = files.split_off(files.len().min(100));
                let files = std::mem::replace(files, rest);
                Ok(Name { id, files })
            }
            Some(Open::Directory(_)) => Err(StatusReply::new(StatusCode::Eof)),
            _ => Err(StatusReply::new(StatusCode::Failure)),
        }
    }

    async fn remove(&mut self, id: u32, filename: String) -> Result<Status, Self::Error> {
        fs::remove_file(self.place(&filename)?).map_err(failed)?;
        Ok(ok(id))
    }

    async fn mkdir(
        &mut self,
        id: u32,
        path: String,
        _attributes: FileAttributes,
    ) -> Result<Status, Self::Error> {
        fs::create_dir(self.place(&path)?).map_err(failed)?;
        Ok(ok(id))
    }

    async fn rmdir(&mut self, id: u32, path: String) -> Result<Status, Self::Error> {
        fs::remove_dir(self.place(&path)?).map_err(failed)?;
        Ok(ok(id))
    }

    async fn realpath(&mut self, id: u32, path: String) -> Result<Name, Self::Error> {
        Ok(Name { id, files: vec![File::dummy(self.absolute(&path))] })
    }

    async fn rename(&mut self, id: u32, old: String, new: String) -> Result<Status, Self::Error> {
        fs::rename(self.place(&old)?, self.place(&new)?).map_err(failed)?;
        Ok(ok(id))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn files() -> Files {
        Files::of(&Account::new("wfvm", &[]))
    }

    #[test]
    fn paths_have_windows_form() {
        let files = files();
        for (given, absolute) in [
            ("", "/C:/Users/wfvm"),
            (".", "/C:/Users/wfvm"),
            ("a/../b", "/C:/Users/wfvm/b"),
            ("/C:/x", "/C:/x"),
            ("C:\\x\\y", "/C:/x/y"),
            ("D:/z", "/D:/z"),
            ("/", "/"),
            ("/C:/../../..", "/"),
        ] {
            assert_eq!(files.absolute(given), absolute, "{given}");
        }
    }

    #[test]
    fn a_path_without_a_drive_is_no_file() {
        assert_eq!(files().place("/etc/passwd").unwrap_err().status_code, StatusCode::NoSuchFile);
        assert_eq!(files().place("/Q:/x").unwrap_err().status_code, StatusCode::NoSuchFile);
        assert_eq!(files().place("/c:/no/such").unwrap(), Path::new("/c/no/such"));
    }
}
