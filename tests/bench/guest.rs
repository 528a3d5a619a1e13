//! An image of the reference guest, and how it is started here.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value, json};

use crate::Problem;

/// The image that `scripts/bench` names, the programs that start it, and the builder.
pub(crate) struct Guest {
    pub(crate) image: PathBuf,
    pub(crate) tools: PathBuf,
    pub(crate) sshpass: PathBuf,
    pub(crate) builder: PathBuf,
}

/// Memory and processors, the same for ours and for the anchor.
pub(crate) const MEMORY_MIB: u32 = 1536;
pub(crate) const CORES: u32 = 2;

/// A path that `scripts/bench` gives.
fn path(name: &str) -> Result<PathBuf, Problem> {
    let value = std::env::var_os(name);
    value.map(PathBuf::from).ok_or_else(|| format!("{name} is not set: `scripts/bench` sets it").into())
}

/// The product's program.
pub(crate) fn builder() -> Result<PathBuf, Problem> {
    path("WFVM_BENCH_BUILDER")
}

impl Guest {
    pub(crate) fn given() -> Result<Self, Problem> {
        Ok(Self {
            image: path("WFVM_BENCH_IMAGE")?,
            tools: path("WFVM_TEST_TOOLS")?,
            sshpass: path("WFVM_BENCH_SSHPASS")?,
            builder: builder()?,
        })
    }

    /// What a run and a layer have in common, and what one of them has besides.
    pub(crate) fn spec(&self, script: &str, own: Map<String, Value>) -> Value {
        let tool = |name: &str| self.tools.join(name);
        let mut spec = json!({
            "wfvmSpec": 1,
            "name": "bench",
            "script": script,
            "machine": {
                "firmware": "uefi", "accelerator": "tcg", "cores": CORES, "memoryMib": MEMORY_MIB,
                "rtcBase": "2022-10-10T10:10:10",
            },
            "login": { "user": "wfvm", "password": "1234" },
            "tools": {
                "qemu": tool("bin/qemu-system-x86_64"), "qemuImg": tool("bin/qemu-img"),
                "ovmfCode": tool("FV/OVMF_CODE.fd"), "ovmfVars": tool("FV/OVMF_VARS.fd"),
                "bash": tool("bin/bash"),
            },
        });
        if let Some(fields) = spec.as_object_mut() {
            fields.extend(own);
        }
        spec
    }

    /// Runs the builder in `directory` to its end, which must be good.
    pub(crate) fn build(&self, directory: &Path, spec: &Value, words: &[&str]) -> Result<(), Problem> {
        fs_err::write(directory.join("spec.json"), spec.to_string())?;
        let status = Command::new(&self.builder)
            .args(words)
            .args(["--spec", "spec.json"])
            .current_dir(directory)
            .status()?;
        if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", words.join(" ")).into()) }
    }
}

/// A loopback port that is free now.
pub(crate) fn free_port() -> Result<u16, Problem> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// `sshpass ssh` as WFVM calls it, but with the patience that a translated guest needs.
pub(crate) fn ssh(guest: &Guest, port: u16) -> String {
    format!(
        "{} -p1234 ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
         -o LogLevel=ERROR -o ConnectTimeout=60 -np {port} wfvm@localhost",
        guest.sshpass.display()
    )
}
