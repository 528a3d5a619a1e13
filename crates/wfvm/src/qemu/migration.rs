//! The state of the devices out of one QEMU and into another. The memory is in a file that both map,
//! so QEMU's migration leaves it out.

use std::{io, path::Path};

use qapi::qmp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use super::{Qemu, QemuError};
use crate::{
    qmp::QmpError,
    wait::{self, Deadline},
};

/// The socket on which one side gives the state to the other, in the machine's directory.
const SOCKET: &str = "state.sock";

impl Qemu {
    /// Stops the guest for good and gives the state of its devices.
    ///
    /// # Errors
    /// [`QemuError::State`] with QEMU's reason.
    pub async fn freeze(&self, directory: &Path, deadline: Deadline) -> Result<Vec<u8>, QemuError> {
        self.ask(qmp::stop {}).await?;
        self.leave_memory_out().await?;
        let socket = directory.join(SOCKET);
        let listener = UnixListener::bind(&socket)?;
        let receive = async {
            let mut state = Vec::new();
            listener.accept().await?.0.read_to_end(&mut state).await?;
            io::Result::Ok(state)
        };
        let uri = json!({ "uri": format!("unix:{}", socket.display()) });
        let work = async {
            let (started, state) = tokio::join!(self.qmp.ask("migrate", &uri), receive);
            started?;
            self.migrated("saved").await?;
            Ok(state?)
        };
        wait::race("the state of the devices", work, &self.signs(), deadline).await?
    }

    /// Gives a machine that waits for it the state of its devices. It has stopped then.
    ///
    /// # Errors
    /// [`QemuError::State`] with QEMU's reason.
    pub async fn thaw(&self, state: &[u8], directory: &Path, deadline: Deadline) -> Result<(), QemuError> {
        let socket = directory.join(SOCKET);
        let uri = json!({ "uri": format!("unix:{}", socket.display()) });
        let work = async {
            // In this order, though none is waited for by itself; the second is answered when QEMU listens.
            let (left_out, listens) =
                tokio::join!(self.leave_memory_out(), self.qmp.ask("migrate-incoming", &uri));
            left_out?;
            listens?;
            let mut stream = UnixStream::connect(&socket).await?;
            // A state that is refused in the middle is told by its end.
            let _ = stream.write_all(state).await;
            drop(stream);
            self.migrated("loaded").await
        };
        wait::race("the state of the devices", work, &self.signs(), deadline).await?
    }

    async fn leave_memory_out(&self) -> Result<(), QmpError> {
        let on = |name: &str| json!({ "capability": name, "state": true });
        let capabilities = json!({ "capabilities": [on("x-ignore-shared"), on("events")] });
        self.qmp.ask("migrate-set-capabilities", &capabilities).await.map(drop)
    }

    /// Waits for the end of the migration.
    async fn migrated(&self, what: &'static str) -> Result<(), QemuError> {
        let mut signs = self.signs.subscribe();
        let over = |status: &String| status == "completed" || status == "failed";
        let ended = signs.wait_for(|signs| signs.migration.as_ref().is_some_and(over)).await;
        if ended.is_ok_and(|signs| signs.migration.as_deref() == Some("completed")) {
            return Ok(());
        }
        let told = self.qmp.ask("query-migrate", &json!({})).await?;
        let problem = told.get("error-desc").and_then(Value::as_str).unwrap_or("QEMU tells no reason");
        Err(QemuError::State { what, problem: problem.to_owned() })
    }
}
