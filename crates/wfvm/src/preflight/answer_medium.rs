//! Whether what goes onto the answer medium has room there.

use super::Finding;
use crate::spec::{AnswerMedium, Install};

/// What FAT12 leaves of a floppy of 1.44 MB for files, whose last clusters are half empty.
const FLOPPY_BYTES: u64 = 1_457_664;
const CLUSTER: u64 = 512;
/// The answer file, the tag and the first logon's commands.
const OWN_BYTES: u64 = 64 << 10;

/// Findings about the files of the payload, given the size of each.
#[must_use]
pub fn answer_medium(spec: &Install, payload_bytes: &[u64]) -> Vec<Finding> {
    let used: u64 = payload_bytes.iter().map(|bytes| bytes.next_multiple_of(CLUSTER)).sum();
    let needed = used.saturating_add(OWN_BYTES);
    if spec.answer_medium != AnswerMedium::Floppy || needed <= FLOPPY_BYTES {
        return Vec::new();
    }
    let largest = spec.payload.iter().zip(payload_bytes).max_by_key(|(_, bytes)| **bytes);
    let largest =
        largest.map_or(String::new(), |(file, bytes)| format!("; `{}` has {bytes} bytes", file.name));
    vec![Finding::refusal(
        "answerMedium",
        "floppy",
        format!("a floppy has room for {FLOPPY_BYTES} bytes, and the payload needs {needed}{largest}"),
        "`iso` and `usb` have room".into(),
    )]
}
