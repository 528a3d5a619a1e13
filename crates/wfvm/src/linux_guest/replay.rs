//! `run-vm`: a shell in the guest of a build, on the disk as the build left it.

use std::{
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::LinuxError;
use crate::spec::{Accelerator, Linux};

/// In the evidence: what `run-vm` starts.
pub(super) const SPEC: &str = "spec.json";
/// In the evidence: the program.
pub(super) const PROGRAM: &str = "run-vm";

/// Writes the program and its spec before the guest starts, so that they are there however it ends.
/// Paths below the build's top are written so that they hold wherever the directory is kept.
pub(super) fn write(
    spec: &Linux,
    options: &[String],
    disk: Option<(&Path, &str)>,
    top: &Path,
    evidence: &Path,
    builder: &Path,
) -> Result<(), LinuxError> {
    let kept = |path: &Path| path.strip_prefix(top).map_or_else(|_| path.to_owned(), PathBuf::from);
    let spec = Linux {
        interactive: true,
        // Who looks at it may have another machine than the one that built.
        accelerator: if spec.accelerator == Accelerator::Tcg { Accelerator::Tcg } else { Accelerator::Auto },
        qemu_options: options.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        pre_vm: String::new(),
        post_vm: String::new(),
        disk_image: disk.map(|(file, _)| kept(file)),
        disk_image_format: disk.map(|(_, format)| format.to_owned()),
        overlay: false,
        boot_timeout_seconds: 0,
        timeout_seconds: 0,
        ..spec.clone()
    };
    // A spec was JSON before it was a spec.
    let text = serde_json::to_string_pretty(&spec).map_err(io::Error::other)?;
    fs_err::write(evidence.join(SPEC), text)?;
    let from_top = kept(evidence);
    let up = from_top.components().map(|_| "..").collect::<Vec<_>>().join("/");
    let text = format!(
        "#!/bin/sh\n# A shell in the guest of this build. `exit` or Ctrl-a x ends it.\n\
         cd \"$(dirname \"$0\")/{up}\" || exit\nunset NIX_BUILD_TOP NIX_LOG_FD\n\
         exec '{}' linux --spec '{}' --evidence '{}'\n",
        builder.display(),
        from_top.join(SPEC).display(),
        from_top.join("again").display(),
    );
    let program = evidence.join(PROGRAM);
    fs_err::write(&program, text)?;
    Ok(fs_err::set_permissions(&program, Permissions::from_mode(0o755))?)
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
