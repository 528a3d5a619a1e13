//! What the fake QEMU does: one JSON word on its command line, written by a test.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The option before the word.
pub const OPTION: &str = "-scenario";

/// A fake machine's life.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The test's own directory: the fake's process id goes there, and cues come from there.
    pub stage: PathBuf,
    /// What happens before there is a machine.
    pub start: Start,
    /// How the machine protocol is spoken.
    pub manner: Manner,
    /// What happens after `cont`, in this order.
    pub story: Vec<Act>,
    /// What `query-blockstats` tells.
    pub drives: Drives,
    /// The picture that `screendump` writes; without one it is refused.
    pub screen: Option<PathBuf>,
    /// What stands behind the forwarded port.
    pub ssh: Ssh,
}

/// What happens before there is a machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Start {
    /// It connects and greets.
    Ready,
    /// It ends before it connects.
    Dies {
        /// On standard error.
        words: String,
        /// Exit status.
        status: i32,
    },
    /// It ends after it connected, instead of a greeting.
    DiesConnected {
        /// On standard error.
        words: String,
        /// Exit status.
        status: i32,
    },
    /// It connects to nothing.
    NeverConnects,
    /// It connects and says nothing.
    NeverGreets,
}

/// How the machine protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manner {
    /// By its document.
    Plain,
    /// With lines that are no JSON, events and reasons of tomorrow, answers nobody asked for,
    /// and answers that overtake each other.
    Confused,
}

/// One act of a story.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Act {
    /// Bytes on COM1.
    Com1(String),
    /// Bytes on the firmware's channel.
    Firmware(String),
    /// An event of the machine protocol.
    Event {
        /// Its name.
        name: String,
        /// Its data.
        data: Value,
    },
    /// That many MiB on COM1, without the end of a line.
    Flood(u64),
    /// Nothing, until this file is on the stage. A command of the machine protocol leaves one of its name.
    AwaitCue(String),
    /// Nothing, until somebody connects to the forwarded port.
    AwaitSsh,
    /// From here on no command is answered.
    FallSilent,
    /// An end by itself.
    Exit(i32),
    /// An end by signal 9.
    Die,
}

/// What `query-blockstats` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Drives {
    /// The same numbers for ever.
    Still,
    /// Larger numbers each time.
    Moving,
}

/// What stands behind the forwarded port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ssh {
    /// No port is forwarded.
    None,
    /// A server of the test.
    Port(u16),
    /// The fake itself: it takes connections and never says a word.
    Mute,
}
