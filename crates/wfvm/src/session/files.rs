//! Files between host and guest, by SFTP over the session's connection.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, path::Path};

use russh_sftp::client::SftpSession;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Session, SessionError, command_line::remote_path};

/// Bytes moved at once: what a packet of SFTP may carry.
const PIECE: usize = 32 * 1024;

impl Session {
    async fn sftp(&self) -> Result<SftpSession, SessionError> {
        let channel = self.handle.channel_open_session().await?;
        channel.request_subsystem(true, "sftp").await?;
        SftpSession::new(channel.into_stream())
            .await
            .map_err(|error| SessionError::Connection(format!("SFTP: {error}")))
    }

    /// Puts a file or a directory into the guest's existing directory `directory`, under
    /// `name` or its own name. Symbolic links are followed.
    ///
    /// # Errors
    /// [`SessionError`] with the path of the side that failed.
    pub async fn put(&self, local: &Path, directory: &str, name: Option<&str>) -> Result<(), SessionError> {
        let sftp = self.sftp().await?;
        let own_name = local.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let directory = remote_path(directory);
        let failed = |problem: String| SessionError::GuestFile { path: directory.clone(), problem };
        // A file whose directory is missing would otherwise be the one that is blamed.
        let there = sftp.metadata(directory.clone()).await.map_err(guest(&directory))?;
        if !there.is_dir() {
            return Err(failed("is no directory".into()));
        }
        let remote = format!("{}/{}", directory.trim_end_matches('/'), name.unwrap_or(&own_name));
        put_tree(&sftp, local, remote).await
    }

    /// Gets a file or a directory out of the guest into the host's directory `directory`.
    ///
    /// # Errors
    /// [`SessionError`] with the path of the side that failed.
    pub async fn get(&self, remote: &str, directory: &Path) -> Result<(), SessionError> {
        let sftp = self.sftp().await?;
        let remote = remote_path(remote);
        let name = remote.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        get_tree(&sftp, remote, &directory.join(name)).await
    }
}

fn guest(path: &str) -> impl Fn(russh_sftp::client::error::Error) -> SessionError + '_ {
    move |error| SessionError::GuestFile { path: path.to_owned(), problem: in_words(&error) }
}

/// A server that has nothing to add repeats the words of its status.
fn in_words(error: &russh_sftp::client::error::Error) -> String {
    let text = error.to_string();
    match text.split_once(": ") {
        Some((status, words)) if words.is_empty() || words == status => status.to_owned(),
        _ => text,
    }
}

async fn put_tree(sftp: &SftpSession, local: &Path, remote: String) -> Result<(), SessionError> {
    // The host's tree may be deep; the stack of an async recursion is on the heap.
    if fs_err::metadata(local)?.is_dir() {
        if !sftp.try_exists(&remote).await.map_err(guest(&remote))? {
            sftp.create_dir(&remote).await.map_err(guest(&remote))?;
        }
        let mut entries: Vec<_> = fs_err::read_dir(local)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs_err::DirEntry::file_name);
        for entry in entries {
            let below = format!("{remote}/{}", entry.file_name().to_string_lossy());
            Box::pin(put_tree(sftp, &entry.path(), below)).await?;
        }
        return Ok(());
    }
    let mut source = fs_err::tokio::File::open(local).await?;
    let mut target = sftp.create(&remote).await.map_err(guest(&remote))?;
    let written =
        |error: std::io::Error| SessionError::GuestFile { path: remote.clone(), problem: error.to_string() };
    let mut piece = vec![0; PIECE];
    loop {
        let count = source.read(&mut piece).await?;
        let Some(bytes @ [_, ..]) = piece.get(..count) else { break };
        target.write_all(bytes).await.map_err(written)?;
    }
    target.close().await.map_err(written)
}

async fn get_tree(sftp: &SftpSession, remote: String, local: &Path) -> Result<(), SessionError> {
    let metadata = sftp.metadata(&remote).await.map_err(guest(&remote))?;
    if metadata.is_dir() {
        fs_err::create_dir_all(local)?;
        let entries = sftp.read_dir(&remote).await.map_err(guest(&remote))?;
        for entry in entries {
            let name = entry.file_name();
            // The guest is hostile input: a name must stay below the directory.
            if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
                continue;
            }
            Box::pin(get_tree(sftp, format!("{}/{name}", remote.trim_end_matches('/')), &local.join(name)))
                .await?;
        }
        return Ok(());
    }
    let mut source = sftp.open(&remote).await.map_err(guest(&remote))?;
    // The name appears with the whole file alone; half a file goes away with whoever gives it up.
    let unfinished = tempfile::Builder::new()
        .prefix(".unfinished-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(local.parent().unwrap_or(Path::new(".")))?;
    let mut target = fs_err::tokio::OpenOptions::new().write(true).open(unfinished.path()).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = source
            .read(&mut piece)
            .await
            .map_err(|error| SessionError::GuestFile { path: remote.clone(), problem: error.to_string() })?;
        let Some(bytes @ [_, ..]) = piece.get(..count) else { break };
        target.write_all(bytes).await?;
    }
    target.flush().await?;
    unfinished.persist(local).map_err(|error| error.error)?;
    Ok(())
}
