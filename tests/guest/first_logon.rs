//! The last commands of an installation run in the guest, where they can fail.

use wfvm::{
    blame::Blame,
    spec::{AnswerMedium, Firmware, RunCommand},
};

use crate::laboratory::{Laboratory, spec};

#[test]
fn a_command_that_fails_at_the_first_logon_ends_the_installation_with_its_code() {
    let laboratory = Laboratory::new();
    let mut spec = spec(Firmware::Bios, AnswerMedium::Floppy);
    // The published key of the edition takes its place.
    spec.answer_file.product_key = None;
    spec.answer_file.specialize_commands.push(RunCommand {
        path: "sc.exe delete sshd".into(),
        description: None,
        will_reboot: None,
    });
    let failure = laboratory.install(&spec).unwrap_err();
    assert_eq!(failure.error.blame(), Blame::Guest);
    let said = failure.to_string();
    // ERROR_SERVICE_DOES_NOT_EXIST
    assert!(said.contains("1060") && said.contains("sc.exe config sshd start= auto"), "{said}");
}
