//! The guest learns which letters the drives of a build have: Windows remembers the letter of a partition by its
//! disk's signature and its beginning, and that of a CD drive by where it is attached. In a clone they
//! have them at once.

use std::path::Path;

use super::FreezeError;
use crate::{
    boot::Guest,
    drives::{Drives, STORE_SOCKET},
    exchange::{self, NewEntry},
    machine::Plugged,
    qemu::Qemu,
    spec::Letters,
    store_volume::{StoreVolume, Until},
    wait::{self, Deadline},
};

/// The exchange drive of the lesson; the size of a disk is no part of what Windows knows it by.
const EXCHANGE: &str = "lesson.img";
const EXCHANGE_BYTES: u64 = 64 << 20;
/// What is on the store drive then.
const STORE: &str = "lesson";

/// Puts both drives in, gives them their letters, and takes them out again. `nonce` is a name that no other
/// drive has in its root.
pub(super) async fn teach(
    letters: Letters,
    guest: &Guest,
    machine: &Qemu,
    (scratch, nonce): (&Path, &str),
    deadline: Deadline,
) -> Result<(), FreezeError> {
    let scratch = std::path::absolute(scratch)?;
    let (exchange, store) = (scratch.join(EXCHANGE), scratch.join(STORE));
    exchange::create(&exchange, EXCHANGE_BYTES, exchange::DEFAULT_LABEL, &[NewEntry::bytes(nonce, [])])?;
    fs_err::write(&store, [])?;
    let served = StoreVolume::plan(std::slice::from_ref(&store))?.bind(&scratch.join(STORE_SOCKET))?;
    let plugged = Plugged { store: Some(scratch.join(STORE_SOCKET)), exchange: Some(exchange.clone()) };
    let lesson = async {
        for (command, arguments) in plugged.commands() {
            machine.qmp().ask(command, &arguments).await?;
        }
        let drives = Drives { letters, mark: nonce, store_path: Some(&store) };
        drives.find(guest, deadline).await?;
        let removal = async {
            for (command, arguments) in plugged.removal() {
                take_out(machine, command, &arguments).await?;
            }
            Ok::<_, FreezeError>(())
        };
        wait::race("the drives' removal", removal, &guest.signs, deadline).await?
    };
    tokio::select! {
        done = lesson => done?,
        ended = served.serve(Until::Dropped) => {
            return Err(ended.err().unwrap_or_else(|| std::io::ErrorKind::BrokenPipe.into()).into());
        }
    }
    Ok(fs_err::remove_file(exchange)?)
}

/// A device lets go of its file a moment after it has gone itself: only that is asked again.
async fn take_out(
    machine: &Qemu,
    command: &'static str,
    arguments: &serde_json::Value,
) -> Result<(), FreezeError> {
    loop {
        match machine.qmp().ask(command, arguments).await {
            Err(_) if command == "blockdev-del" => wait::poll_pause().await,
            answer => return Ok(answer.map(drop)?),
        }
    }
}
