//! The probe that decides whether KVM is to be trusted.

use std::time::Duration;

use wfvm::accelerator::runs_a_guest;

use crate::laboratory::{Laboratory, runtime, tools};

/// A loaded host translates a firmware's start slowly; the product's own bound is for KVM.
const LIMIT: Duration = Duration::from_secs(60);

fn probe(accelerator: &str) -> Result<(), String> {
    let laboratory = Laboratory::new();
    let scratch = laboratory.path("probe");
    fs_err::create_dir(&scratch).unwrap();
    runtime().block_on(runs_a_guest(&tools().qemu, &scratch, accelerator, LIMIT))
}

#[test]
fn an_accelerator_that_runs_guests_passes() {
    assert_eq!(probe("tcg"), Ok(()));
}

#[test]
fn an_accelerator_that_qemu_does_not_have_is_refused_with_its_words() {
    let refusal = probe("hvf").unwrap_err();
    assert!(refusal.contains("QEMU ended with exit status 1"), "{refusal}");
}
