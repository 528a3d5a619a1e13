//! Disk images: made by `qemu-img`, read without any machine.

mod offline;

use std::{path::Path, time::Duration};

pub use offline::{OfflineError, OfflineFile, read_files};

use crate::tool::{Tool, ToolError};

/// Making an image writes its header alone.
const CREATION: Duration = Duration::from_secs(60);

/// Makes an empty qcow2 image.
///
/// # Errors
/// [`ToolError`] of `qemu-img`.
pub async fn create(qemu_img: &Path, file: &Path, size_mib: u64) -> Result<(), ToolError> {
    // No preallocation: a NAR has no holes, so every preallocated block would be copied.
    let tool = Tool::new(qemu_img).words(["create", "-q", "-f", "qcow2"]).words([file]);
    tool.words([format!("{size_mib}M")]).run(CREATION).await.map(drop)
}
