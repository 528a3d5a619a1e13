//! The offlineServicing pass: settings of the image before it first runs.

use crate::answer_file::{AnswerFile, Pass};
use crate::registry::{Hive, Value};

const POLICIES: &str = "Software\\Microsoft\\Windows\\CurrentVersion\\Policies\\System";

/// Writes the pass's settings into the registry.
pub(crate) fn apply(file: &AnswerFile, system: &mut Hive) {
    if let Some(enable) = file.component(Pass::OfflineServicing, "LUA-Settings").text("EnableLUA") {
        system.set(POLICIES, "EnableLUA", Value::Number(u32::from(enable == "true")));
    }
    super::specialize::set_owner(&file.component(Pass::OfflineServicing, "Shell-Setup"), system);
}
