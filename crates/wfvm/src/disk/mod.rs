//! Disk images: made by `qemu-img`, read without any machine.

mod offline;

use std::{path::Path, time::Duration};

pub use offline::{OfflineError, OfflineFile, read_files};

use crate::{
    machine::LAST_TIME,
    tool::{Tool, ToolError},
    unfinished::Unfinished,
};

/// Making an image writes its header alone.
const CREATION: Duration = Duration::from_secs(60);
/// Tens of gigabytes through one slow core.
const COMPACTION: Duration = Duration::from_secs(4 * 3600);
/// How long reading a few logs may take on a loaded host.
const READING: Duration = Duration::from_secs(60);

/// The builder's subcommand that reads files for [`read_files_apart`]: image, limit, paths.
pub const READER_SUBCOMMAND: &str = "read-disk";

/// The file of an image that may be a directory, as nixpkgs' vmTools has images.
#[cfg(feature = "script")]
#[must_use]
pub fn file_of(image: &Path) -> std::path::PathBuf {
    if image.is_dir() { image.join("disk-image.qcow2") } else { image.to_owned() }
}

/// What was kept of the machine of an image besides the disk: what is given, or lies in the image's directory.
#[cfg(feature = "script")]
#[must_use]
pub fn state_of(image: &Path, given: Option<&Path>) -> Option<std::path::PathBuf> {
    let beside = image.join("state");
    given.map(Into::into).or_else(|| beside.is_dir().then_some(beside))
}

/// What the clock of the image's guest showed last, if that was kept.
#[must_use]
pub fn last_time(state: Option<&Path>) -> Option<String> {
    let time = fs_err::read_to_string(state?.join(LAST_TIME)).ok()?;
    Some(time.trim().to_owned())
}

/// Makes an empty qcow2 image.
///
/// # Errors
/// [`ToolError`] of `qemu-img`.
pub async fn create(qemu_img: &Path, file: &Path, size_mib: u64) -> Result<(), ToolError> {
    // No preallocation: a NAR has no holes, so every preallocated block would be copied.
    let tool = Tool::new(qemu_img).words(["create", "-q", "-f", "qcow2"]).words([file]);
    tool.words([format!("{size_mib}M")]).run(CREATION).await.map(drop)
}

/// Makes a qcow2 image of nothing but changes to `parent`, whose absolute path stands in its
/// header: that is where Nix finds the reference.
///
/// # Errors
/// [`ToolError`] of `qemu-img`, also if `parent` is no qcow2 image.
pub async fn create_overlay(qemu_img: &Path, parent: &Path, file: &Path) -> Result<(), ToolError> {
    let tool = Tool::new(qemu_img).words(["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"]);
    tool.words([parent, file]).run(CREATION).await.map(drop)
}

/// Writes an image and all its backing files anew, as one compressed file in its place.
///
/// # Errors
/// [`ToolError`] of `qemu-img`, or the host's; then the image is as it was.
pub async fn compact(qemu_img: &Path, file: &Path) -> Result<(), CompactError> {
    let compact = Unfinished::beside(&file.with_extension("compact"));
    // Compression has as many workers as coroutines are allowed; their order does not matter.
    let tool =
        Tool::new(qemu_img).words(["convert", "-q", "-c", "-W", "-m", "16", "-f", "qcow2", "-O", "qcow2"]);
    tool.words([file, compact.path()]).run(COMPACTION).await?;
    Ok(compact.finish(file)?)
}

/// Why an image could not be written anew.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// `qemu-img` failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The host failed.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

/// As [`read_files`], by the builder's program `reader` in a process of its own: what a guest
/// wrote may make a reader of foreign formats panic, loop, or want all memory, and none of that
/// may end whoever has a failure to tell.
///
/// # Errors
/// [`ToolError`] of the reader.
pub async fn read_files_apart(
    reader: &Path,
    image: &Path,
    paths: &[&str],
    limit: u64,
) -> Result<Vec<OfflineFile>, ToolError> {
    let tool = Tool::new(reader).words([READER_SUBCOMMAND]).words([image]).words([limit.to_string()]);
    let tool = tool.words(paths);
    let told = tool.run(READING).await?;
    serde_json::from_slice(&told).map_err(|error| ToolError {
        command: tool.command_line(),
        problem: format!("told something else than files: {error}"),
        stderr: String::new(),
    })
}
