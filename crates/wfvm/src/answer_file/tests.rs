use super::*;
use crate::guest_os::{REFERENCE_GUEST, WINDOWS_11};

#[test]
fn base() {
    let _ = (&REFERENCE_GUEST, &WINDOWS_11);
}
