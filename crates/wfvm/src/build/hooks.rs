//! Bash on the host, before the machine starts and after a success.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use super::BuildError;
use crate::{
    spec::Build,
    tool::{Tool, status_in_words},
};

/// What `preVM` decided.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hooks {
    /// Another image.
    pub(super) image: Option<PathBuf>,
    /// Words of QEMU's command line.
    pub(super) qemu_words: Vec<String>,
}

/// Runs the text and tells the variables that it may have set, ended by NULs.
const BEFORE: &str = r#"
. "$1"
printf '%s\0' "${diskImage-}" > "$2"
eval "words=(${QEMU_OPTS-})"
for word in "${words[@]}"; do printf '%s\0' "$word" >> "$2"; done
"#;

impl Hooks {
    pub(super) async fn run_before(spec: &Build, scratch: &Path) -> Result<Self, BuildError> {
        if spec.pre_vm.is_empty() && spec.qemu_opts.is_empty() {
            return Ok(Self::default());
        }
        let (text, told) = (scratch.join("pre-vm"), scratch.join("pre-vm.told"));
        fs_err::write(&text, &spec.pre_vm)?;
        let tool = bash(spec, BEFORE).words([&text, &told]).variable("QEMU_OPTS", &spec.qemu_opts);
        run("preVM", &tool).await?;
        let told = fs_err::read_to_string(&told)?;
        let mut values = told.split_terminator('\0').map(str::to_owned);
        let image = values.next().filter(|value| !value.is_empty()).map(PathBuf::from);
        Ok(Self { image, qemu_words: values.collect() })
    }

    pub(super) async fn run_after(spec: &Build) -> Result<(), BuildError> {
        if spec.post_vm.is_empty() {
            return Ok(());
        }
        run("postVM", &bash(spec, &spec.post_vm)).await
    }
}

fn bash(spec: &Build, text: &str) -> Tool {
    let bash = spec.tools.bash.as_deref().unwrap_or(Path::new("bash"));
    Tool::new(bash).words(["-e", "-c", text, "bash"])
}

async fn run(hook: &'static str, tool: &Tool) -> Result<(), BuildError> {
    let mut child = tool.spawn(Stdio::null(), Stdio::inherit(), Stdio::inherit())?;
    let status = child.wait().await?;
    if status.success() { Ok(()) } else { Err(BuildError::Hook { hook, problem: status_in_words(status) }) }
}
