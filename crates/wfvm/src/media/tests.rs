use super::*;

fn files() -> Vec<MediumFile<'static>> {
    vec![
        MediumFile { name: "Autounattend.xml", contents: b"<unattend/>" },
        MediumFile { name: "first-logon.cmd", contents: b"@echo off\r\n" },
        MediumFile { name: "wfvm-answer.tag", contents: b"" },
    ]
}

const KINDS: [AnswerMedium; 3] = [AnswerMedium::Iso, AnswerMedium::Floppy, AnswerMedium::Usb];

#[test]
fn the_same_files_give_the_same_bytes() {
    for kind in KINDS {
        assert_eq!(answer_medium(kind, &files()).unwrap(), answer_medium(kind, &files()).unwrap());
    }
}
