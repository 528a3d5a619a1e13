//! SFTP over a directory of the host, with a guest's paths: `/C:/…`, and relative to the home.

use std::{
    collections::HashMap,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::PathBuf,
};

use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, Handle, Name, OpenFlags, Status, StatusCode, Version,
};

pub(crate) struct Files {
    root: PathBuf,
    open: HashMap<String, fs_err::File>,
    listings: HashMap<String, Vec<File>>,
    next: u64,
}

impl Files {
    pub(crate) fn below(root: PathBuf) -> Self {
        Self { root, open: HashMap::new(), listings: HashMap::new(), next: 0 }
    }

    fn path(&self, guest: &str) -> PathBuf {
        self.root.join(guest.trim_start_matches('/'))
    }

    fn attributes(&self, guest: &str) -> Result<FileAttributes, StatusCode> {
        let metadata = fs_err::metadata(self.path(guest)).map_err(code)?;
        Ok(FileAttributes::from(&metadata))
    }

    fn handle(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }
}

fn code(error: impl Into<std::io::Error>) -> StatusCode {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds of errors are an open set")]
    match error.into().kind() {
        std::io::ErrorKind::NotFound => StatusCode::NoSuchFile,
        std::io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
        _ => StatusCode::Failure,
    }
}

fn well(id: u32) -> Status {
    Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: String::new() }
}

impl russh_sftp::server::Handler for Files {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn init(&mut self, _: u32, _: HashMap<String, String>) -> Result<Version, StatusCode> {
        Ok(Version::new())
    }

    async fn realpath(&mut self, id: u32, path: String) -> Result<Name, StatusCode> {
        Ok(Name { id, files: vec![File::dummy(path)] })
    }

    async fn stat(&mut self, id: u32, path: String) -> Result<Attrs, StatusCode> {
        Ok(Attrs { id, attrs: self.attributes(&path)? })
    }

    async fn lstat(&mut self, id: u32, path: String) -> Result<Attrs, StatusCode> {
        Ok(Attrs { id, attrs: self.attributes(&path)? })
    }

    async fn open(
        &mut self,
        id: u32,
        path: String,
        flags: OpenFlags,
        _: FileAttributes,
    ) -> Result<Handle, StatusCode> {
        let file = fs_err::OpenOptions::new()
            .read(flags.contains(OpenFlags::READ))
            .write(flags.contains(OpenFlags::WRITE))
            .create(flags.contains(OpenFlags::CREATE))
            .truncate(flags.contains(OpenFlags::TRUNCATE))
            .open(self.path(&path))
            .map_err(code)?;
        let handle = self.handle();
        self.open.insert(handle.clone(), file);
        Ok(Handle { id, handle })
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Result<Attrs, StatusCode> {
        let file = self.open.get(&handle).ok_or(StatusCode::Failure)?;
        Ok(Attrs { id, attrs: FileAttributes::from(&file.metadata().map_err(code)?) })
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, length: u32) -> Result<Data, StatusCode> {
        let file = self.open.get_mut(&handle).ok_or(StatusCode::Failure)?;
        if offset > 0 && file.path().ends_with("breaks-in-the-middle") {
            return Err(StatusCode::Failure);
        }
        file.seek(SeekFrom::Start(offset)).map_err(code)?;
        let mut data = Vec::new();
        file.take(u64::from(length)).read_to_end(&mut data).map_err(code)?;
        if data.is_empty() { Err(StatusCode::Eof) } else { Ok(Data { id, data }) }
    }

    async fn write(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<Status, StatusCode> {
        let file = self.open.get_mut(&handle).ok_or(StatusCode::Failure)?;
        file.seek(SeekFrom::Start(offset)).map_err(code)?;
        file.write_all(&data).map_err(code)?;
        Ok(well(id))
    }

    async fn close(&mut self, id: u32, handle: String) -> Result<Status, StatusCode> {
        self.open.remove(&handle);
        self.listings.remove(&handle);
        Ok(well(id))
    }

    async fn mkdir(&mut self, id: u32, path: String, _: FileAttributes) -> Result<Status, StatusCode> {
        fs_err::create_dir(self.path(&path)).map_err(code)?;
        Ok(well(id))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Result<Handle, StatusCode> {
        let mut listing = vec![File::dummy("."), File::dummy("..")];
        for entry in fs_err::read_dir(self.path(&path)).map_err(code)?.flatten() {
            let attributes = entry.metadata().map_err(code)?;
            listing.push(File::new(entry.file_name().to_string_lossy(), FileAttributes::from(&attributes)));
        }
        if path.ends_with("hostile-names") {
            // With which a guest would leave the directory of the host.
            listing.push(File::dummy("../escaped"));
        }
        let handle = self.handle();
        self.listings.insert(handle.clone(), listing);
        Ok(Handle { id, handle })
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Result<Name, StatusCode> {
        let listing = self.listings.get_mut(&handle).ok_or(StatusCode::Failure)?;
        let files = std::mem::take(listing);
        if files.is_empty() { Err(StatusCode::Eof) } else { Ok(Name { id, files }) }
    }
}
