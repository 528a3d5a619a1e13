//! Files between host and guest, by SFTP over the session's connection.

use std::{
    collections::HashMap,
    fs::Permissions,
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use russh_sftp::{
    client::{Config, SftpSession, error::Error},
    protocol::StatusCode,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Session, SessionError, command_line::remote_path, file_name, pattern};

/// Bytes moved at once between a file of the host and the packets.
const PIECE: usize = 256 << 10;

/// OpenSSH's server takes packets of 256 KiB, and so much stands open at a time that the
/// connection is never idle. A request has no limit of its own, since a loaded guest may take
/// minutes for one: the connection's own questions tell when the guest is gone.
const TRANSFER: Config = Config {
    max_packet_len: 256 * 1024,
    max_concurrent_reads: 16,
    max_concurrent_writes: 16,
    max_write_packet_len: 128 * 1024,
    request_timeout_secs: 24 * 60 * 60,
};

impl Session {
    async fn sftp(&self) -> Result<SftpSession, SessionError> {
        let channel = self.handle.channel_open_session().await?;
        channel.request_subsystem(true, "sftp").await?;
        SftpSession::new_with_config(channel.into_stream(), TRANSFER)
            .await
            .map_err(|error| SessionError::Connection(format!("SFTP: {error}")))
    }

    /// Puts a file or a directory into the guest's existing directory `directory`, under
    /// `name` or its own name; what is in a directory called `.` goes there itself. Symbolic
    /// links are followed.
    ///
    /// # Errors
    /// [`SessionError`] with the path of the side that failed.
    pub async fn put(&self, local: &Path, directory: &str, name: Option<&str>) -> Result<(), SessionError> {
        let own_name = || local.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.map_or_else(own_name, str::to_owned);
        let directory = remote_path(directory);
        let top = match name.as_str() {
            "." => directory.clone(),
            name => format!("{}/{name}", directory.trim_end_matches('/')),
        };
        let mut entries = Vec::new();
        list(local, top, &mut Vec::new(), &mut entries)?;
        if name != "." {
            acceptable(local, &name)?;
        }
        let sftp = self.sftp().await?;
        // A file whose directory is missing would otherwise be the one that is blamed.
        let there = sftp.metadata(directory.clone()).await.map_err(guest(&directory))?;
        if !there.is_dir() {
            return Err(SessionError::GuestFile { path: directory, problem: "is no directory".into() });
        }
        for entry in entries {
            match entry {
                Entry::Directory { remote } => make_directory(&sftp, &remote).await?,
                Entry::File { local, remote } => put_file(&sftp, &local, &remote).await?,
            }
        }
        Ok(())
    }

    /// Gets a file or a directory out of the guest into the host's directory `directory`, under
    /// `name` or its own name. The last part of `remote` may have wildcards.
    ///
    /// # Errors
    /// [`SessionError`] with the path of the side that failed.
    pub async fn get(&self, remote: &str, directory: &Path, name: Option<&str>) -> Result<(), SessionError> {
        let sftp = self.sftp().await?;
        let remote = remote_path(remote);
        let remote = if remote.len() > 1 { remote.trim_end_matches('/') } else { &remote };
        for (remote, own_name) in meant(&sftp, remote).await? {
            let name = name.unwrap_or(&own_name);
            if name.is_empty() || name == ".." || name.contains(['/', '\0']) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("`{name}` is no name of a file of the host: `--as` gives {remote} one"),
                )
                .into());
            }
            get_tree(&sftp, remote, &directory.join(name)).await?;
        }
        Ok(())
    }
}

fn guest(path: &str) -> impl Fn(Error) -> SessionError + '_ {
    move |error| SessionError::GuestFile { path: path.to_owned(), problem: in_words(&error) }
}

/// A server that has nothing to add repeats the words of its status.
fn in_words(error: &Error) -> String {
    let text = error.to_string();
    match text.split_once(": ") {
        Some((status, words)) if words.is_empty() || words == status => status.to_owned(),
        _ => text,
    }
}

/// What is to be made in the guest.
enum Entry {
    Directory { remote: String },
    File { local: PathBuf, remote: String },
}

/// Refuses a name with which the guest could not make the file, before anything has been put.
fn acceptable(local: &Path, name: &str) -> io::Result<()> {
    let refused = |why: String| {
        let words = format!("{}: Windows takes no file of this name: it {why}", local.display());
        io::Error::new(io::ErrorKind::InvalidInput, words)
    };
    match file_name::refusal(name) {
        Some(why) => Err(refused(why)),
        None => Ok(()),
    }
}

/// Lists a tree of the host from the top down. `around` are the directories that lead to `local`.
fn list(
    local: &Path,
    remote: String,
    around: &mut Vec<(u64, u64)>,
    entries: &mut Vec<Entry>,
) -> io::Result<()> {
    let refused = |words: String| io::Error::new(io::ErrorKind::InvalidInput, words);
    let metadata = fs_err::metadata(local)?;
    if metadata.is_file() {
        entries.push(Entry::File { local: local.into(), remote });
        return Ok(());
    }
    if !metadata.is_dir() {
        return Err(refused(format!("{} is neither a file nor a directory", local.display())));
    }
    let identity = (metadata.dev(), metadata.ino());
    if around.contains(&identity) {
        return Err(refused(format!("{} is a symbolic link to a directory around it", local.display())));
    }
    around.push(identity);
    entries.push(Entry::Directory { remote: remote.clone() });
    let mut inside: Vec<_> = fs_err::read_dir(local)?.collect::<Result<_, _>>()?;
    inside.sort_by_key(fs_err::DirEntry::file_name);
    // Windows keeps one of two names that differ in case alone.
    let mut taken = HashMap::new();
    for entry in inside {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(refused(format!("{}: the name is not UTF-8", entry.path().display())));
        };
        acceptable(&entry.path(), name)?;
        if let Some(other) = taken.insert(name.to_lowercase(), name.to_owned()) {
            return Err(refused(format!(
                "{}: `{other}` and `{name}` are one file to Windows, which ignores case",
                local.display()
            )));
        }
        list(&entry.path(), format!("{}/{name}", remote.trim_end_matches('/')), around, entries)?;
    }
    around.pop();
    Ok(())
}

async fn make_directory(sftp: &SftpSession, remote: &str) -> Result<(), SessionError> {
    if !sftp.try_exists(remote).await.map_err(guest(remote))? {
        sftp.create_dir(remote).await.map_err(guest(remote))?;
    }
    Ok(())
}

async fn put_file(sftp: &SftpSession, local: &Path, remote: &str) -> Result<(), SessionError> {
    let mut source = fs_err::tokio::File::open(local).await?;
    let mut target = sftp.create(remote).await.map_err(guest(remote))?;
    let written =
        |error: io::Error| SessionError::GuestFile { path: remote.into(), problem: error.to_string() };
    let mut piece = vec![0; PIECE];
    loop {
        let count = source.read(&mut piece).await?;
        let Some(bytes @ [_, ..]) = piece.get(..count) else { break };
        target.write_all(bytes).await.map_err(written)?;
    }
    target.close().await.map_err(written)
}

/// The files of the guest that a path means, each with its own name. A path without wildcards
/// means itself, and so does a file that is really called like that.
async fn meant(sftp: &SftpSession, remote: &str) -> Result<Vec<(String, String)>, SessionError> {
    let (parent, last) = remote.rsplit_once('/').unwrap_or((".", remote));
    let itself = vec![(remote.to_owned(), last.to_owned())];
    if !pattern::has_wildcards(last) || sftp.try_exists(remote).await.unwrap_or(false) {
        return Ok(itself);
    }
    let entries = sftp.read_dir(parent).await.map_err(guest(parent))?;
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name()).filter(|name| pattern::matches(last, name)).collect();
    names.sort();
    if names.is_empty() {
        let problem = "no file of this name or pattern".to_owned();
        return Err(SessionError::GuestFile { path: remote.into(), problem });
    }
    Ok(names.into_iter().map(|name| (format!("{parent}/{name}"), name)).collect())
}

async fn get_tree(sftp: &SftpSession, remote: String, local: &Path) -> Result<(), SessionError> {
    let metadata = sftp.metadata(&remote).await.map_err(guest(&remote))?;
    if !metadata.is_dir() {
        return get_file(sftp, &remote, local).await;
    }
    fs_err::create_dir_all(local)?;
    for entry in sftp.read_dir(&remote).await.map_err(guest(&remote))? {
        let name = entry.file_name();
        if name == "." || name == ".." {
            continue;
        }
        // The guest is hostile input: a name must stay below the directory.
        if name.is_empty() || name.contains(['/', '\0']) {
            let problem = format!("has a file with the impossible name {name:?}");
            return Err(SessionError::GuestFile { path: remote, problem });
        }
        let below = format!("{}/{name}", remote.trim_end_matches('/'));
        // As `sftp` does: a junction may lead to a directory around it, as in every profile.
        if entry.metadata().is_symlink() && leads_to_directory(sftp, &below).await? {
            continue;
        }
        // A guest's tree may be deep; the stack of an async recursion is on the heap.
        Box::pin(get_tree(sftp, below, &local.join(name))).await?;
    }
    Ok(())
}

/// A link to nothing leads to no directory; whoever reads it then is told so.
async fn leads_to_directory(sftp: &SftpSession, remote: &str) -> Result<bool, SessionError> {
    match sftp.metadata(remote).await {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(Error::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(false),
        Err(error) => Err(guest(remote)(error)),
    }
}

async fn get_file(sftp: &SftpSession, remote: &str, local: &Path) -> Result<(), SessionError> {
    let failed =
        |error: io::Error| SessionError::GuestFile { path: remote.into(), problem: error.to_string() };
    let mut source = sftp.open(remote).await.map_err(guest(remote))?;
    // The name appears with the whole file alone; half a file goes away with whoever gives it up.
    let unfinished = tempfile::Builder::new()
        .prefix(".unfinished-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(local.parent().unwrap_or(Path::new(".")))?;
    let mut target = fs_err::tokio::OpenOptions::new().write(true).open(unfinished.path()).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = source.read(&mut piece).await.map_err(failed)?;
        let Some(bytes @ [_, ..]) = piece.get(..count) else { break };
        target.write_all(bytes).await?;
    }
    target.flush().await?;
    unfinished.persist(local).map_err(|error| error.error)?;
    Ok(())
}
