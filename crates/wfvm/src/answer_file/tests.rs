use proptest::prelude::*;
use proptest::strategy::Strategy;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::element::Content;
use super::*;
use crate::guest_os::{REFERENCE_GUEST, WINDOWS_11_24H2};
use crate::spec::{self, Account, Firmware, ImageSelection, RunCommand, WillReboot};

fn install() -> Install {
    spec::parse(&spec::tests::good_install().to_string()).unwrap()
}

/// Everything that is refused after a change of a good spec.
fn refused(change: impl FnOnce(&mut Install)) -> Vec<String> {
    let mut spec = install();
    change(&mut spec);
    let all: Vec<String> = problems(&spec, &REFERENCE_GUEST).iter().map(ToString::to_string).collect();
    let first = xml(&spec, &REFERENCE_GUEST, 0).map_err(|error| error.to_string());
    assert_eq!(first.err(), all.first().cloned());
    all
}

/// What a document says, read back by quick-xml's reader.
#[derive(Debug, PartialEq)]
struct Read {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Read>,
}

impl From<&Element> for Read {
    fn from(element: &Element) -> Self {
        let (text, children) = match &element.content {
            Content::Text(text) => (text.clone(), Vec::new()),
            Content::Children(children) => (String::new(), children.iter().map(Self::from).collect()),
        };
        let attributes =
            element.attributes.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        Self { name: element.name.into(), attributes, text, children }
    }
}

/// A reader that knows nothing of the writer: events, entities resolved, indentation dropped.
fn read(document: &str) -> Read {
    let mut reader = Reader::from_str(document);
    let mut open =
        vec![Read { name: String::new(), attributes: vec![], text: String::new(), children: vec![] }];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let attributes = start
                    .attributes()
                    .map(|attribute| {
                        let attribute = attribute.unwrap();
                        let name = attribute.key.as_ref().to_owned();
                        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
                        (name, value.into_owned())
                    })
                    .collect();
                let name = start.name().as_ref().to_owned();
                open.push(Read { name, attributes, text: String::new(), children: vec![] });
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref().unwrap() {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_xml_entity(&reference).unwrap().into(),
                };
                open.last_mut().unwrap().text.push_str(&resolved);
            }
            Event::End(_) => {
                let mut closed = open.pop().unwrap();
                if !closed.children.is_empty() {
                    assert_eq!(closed.text.trim(), "");
                    closed.text.clear();
                }
                open.last_mut().unwrap().children.push(closed);
            }
            Event::Eof => return open.pop().unwrap().children.pop().unwrap(),
            Event::Decl(_) => {}
            other @ (Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::DocType(_)) => panic!("{other:?}"),
        }
    }
}

/// The element below `root` that is reached by these names, first of each kind.
fn at<'r>(root: &'r Read, path: &[&str]) -> Option<&'r Read> {
    path.iter().try_fold(root, |element, name| {
        element
            .children
            .iter()
            .find(|child| child.name == *name || child.attributes.iter().any(|(_, value)| value == name))
    })
}

#[test]
fn passwords_are_hidden_as_windows_expects_them() {
    let mut spec = install();
    spec.answer_file.accounts[0].password = "admin".into();
    spec.login.password = "admin".into();
    spec.answer_file.administrator_password = Some("admin".into());
    let document = read(&xml(&spec, &REFERENCE_GUEST, 0).unwrap());
    let shell = at(&document, &["oobeSystem", "Microsoft-Windows-Shell-Setup"]).unwrap();
    let value = |path: &[&str]| at(shell, path).unwrap().text.clone();
    // System Image Manager's form of `admin`.
    let password = "YQBkAG0AaQBuAFAAYQBzAHMAdwBvAHIAZAA=";
    assert_eq!(value(&["UserAccounts", "LocalAccounts", "LocalAccount", "Password", "Value"]), password);
    assert_eq!(value(&["AutoLogon", "Password", "Value"]), password);
    assert_eq!(value(&["AutoLogon", "Password", "PlainText"]), "false");
    assert_eq!(
        value(&["UserAccounts", "AdministratorPassword", "Value"]),
        "YQBkAG0AaQBuAEEAZABtAGkAbgBpAHMAdAByAGEAdABvAHIAUABhAHMAcwB3AG8AcgBkAA=="
    );
    assert!(!format!("{document:?}").contains("\"admin\""));
}

#[test]
fn only_checks_that_the_machine_would_fail_are_skipped() {
    let skipped = |change: fn(&mut Install)| {
        let mut spec = install();
        spec.payload.push(spec::PayloadFile { name: "OpenSSH-Win64.zip".into(), source: "/zip".into() });
        change(&mut spec);
        let document = read(&xml(&spec, &WINDOWS_11_24H2, 0).unwrap());
        let commands = at(&document, &["windowsPE", "Microsoft-Windows-Setup", "RunSynchronous"]).unwrap();
        let values: Vec<String> = commands
            .children
            .iter()
            .map(|command| at(command, &["Description"]).unwrap().text.clone())
            .collect();
        values.join(" ")
    };
    assert_eq!(skipped(|_| {}), "BypassTPMCheck BypassSecureBootCheck BypassRAMCheck BypassStorageCheck");
    let large = |spec: &mut Install| {
        spec.machine.tpm = true;
        spec.machine.memory_mib = 4096;
        spec.disk_mib = 65536;
    };
    assert_eq!(skipped(large), "BypassSecureBootCheck");
    let secure = |spec: &mut Install| {
        spec.machine.tpm = true;
        spec.machine.secure_boot = true;
        spec.disk_mib = 65536;
    };
    assert_eq!(skipped(secure), "BypassRAMCheck");
    let document = read(&xml(&install(), &REFERENCE_GUEST, 0).unwrap());
    assert!(at(&document, &["windowsPE", "Microsoft-Windows-Setup", "RunSynchronous"]).is_none());
}

#[test]
fn the_disk_number_stands_where_the_disk_is_made_and_where_windows_goes() {
    for (firmware, partition) in [(Firmware::Uefi, "3"), (Firmware::Bios, "2")] {
        let mut spec = install();
        spec.machine.firmware = firmware;
        let document = read(&xml(&spec, &REFERENCE_GUEST, 1).unwrap());
        let setup = at(&document, &["windowsPE", "Microsoft-Windows-Setup"]).unwrap();
        let value = |path: &[&str]| at(setup, path).unwrap().text.clone();
        assert_eq!(value(&["DiskConfiguration", "Disk", "DiskID"]), "1");
        assert_eq!(value(&["ImageInstall", "OSImage", "InstallTo", "DiskID"]), "1");
        assert_eq!(value(&["ImageInstall", "OSImage", "InstallTo", "PartitionID"]), partition);
        assert_eq!(windows_partition(firmware).to_string(), partition);
    }
}

/// The beginning of a refusal, and the change that leads to it.
type Case = (&'static str, fn(&mut Install));

#[test]
fn values_that_setup_would_stop_at_are_refused_with_their_field() {
    let cases: [Case; 31] = [
        ("image.name: is empty", |spec| spec.image = Some(ImageSelection::Name(String::new()))),
        ("diskMib: 2097153 MiB; under BIOS", |spec| spec.disk_mib = (2 << 20) + 1),
        ("answerFile.fullName: has 64 characters; Windows takes up to 63", |spec| {
            spec.answer_file.full_name = "x".repeat(64);
        }),
        ("answerFile.organization: holds the control character U+0007", |spec| {
            spec.answer_file.organization = "a\u{7}".into();
        }),
        ("answerFile.productKey: `1234` is not five groups", |spec| {
            spec.answer_file.product_key = Some("1234".into());
        }),
        ("answerFile.uiLanguage: `english` is not a language tag", |spec| {
            spec.answer_file.ui_language = "english".into();
        }),
        ("answerFile.userLocale: `en_US` is not", |spec| spec.answer_file.user_locale = "en_US".into()),
        ("answerFile.systemLocale: `` is not", |spec| spec.answer_file.system_locale = String::new()),
        ("answerFile.inputLocale: `0409:409` is neither", |spec| {
            spec.answer_file.input_locale = "0409:409".into();
        }),
        ("answerFile.inputLocale: `en-US,de-DE` is neither", |spec| {
            spec.answer_file.input_locale = "en-US,de-DE".into();
        }),
        ("answerFile.timeZone: `Europe/Berlin` is not a time zone of Windows such as", |spec| {
            spec.answer_file.time_zone = "Europe/Berlin".into();
        }),
        (
            "answerFile.timeZone: `W. Europe` is not a time zone of Windows; did you mean `W. Europe Standard Time`?",
            |spec| spec.answer_file.time_zone = "W. Europe".into(),
        ),
        ("answerFile.specializeCommands[0].path: is empty", |spec| command(spec, "", None)),
        ("answerFile.specializeCommands[0].path: has 260 characters", |spec| {
            command(spec, &"x".repeat(260), None);
        }),
        ("answerFile.specializeCommands[0].path: holds the control character U+000A", |spec| {
            command(spec, "a\nb", None);
        }),
        ("answerFile.specializeCommands[0].description: is empty", |spec| {
            command(spec, "a", Some(" ".into()));
        }),
        ("answerFile.specializeCommands[0].description: has 260", |spec| {
            command(spec, "a", Some("x".repeat(260)));
        }),
        ("answerFile.specializeCommands: has 499 commands", |spec| {
            (0..499).for_each(|_| command(spec, "a", None));
        }),
        ("answerFile.driverPaths[0]: is empty", |spec| spec.answer_file.driver_paths = vec![String::new()]),
        ("answerFile.computerName: `ABCDEFGHIJKLMNOP` has 16 bytes", |spec| {
            spec.answer_file.computer_name = Some("ABCDEFGHIJKLMNOP".into());
        }),
        ("answerFile.computerName: `a_b c` holds ` `", |spec| {
            spec.answer_file.computer_name = Some("a_b c".into());
        }),
        ("answerFile.computerName: `123` has only digits", |spec| {
            spec.answer_file.computer_name = Some("123".into());
        }),
        ("answerFile.computerName: `WFVM` is also an account", |spec| {
            spec.answer_file.computer_name = Some("WFVM".into());
        }),
        ("answerFile.accounts[1].name: has 21 characters", |spec| account(spec, &"x".repeat(21))),
        ("answerFile.accounts[1].name: `a/b` holds `/`", |spec| account(spec, "a/b")),
        ("answerFile.accounts[1].name: `a.` begins", |spec| account(spec, "a.")),
        ("answerFile.accounts[1].name: `guest` is a name that Windows", |spec| account(spec, "guest")),
        ("answerFile.accounts[1].name: `Wfvm` stands twice", |spec| account(spec, "Wfvm")),
        ("answerFile.accounts[0].groups: `a;b` is not", |spec| {
            spec.answer_file.accounts[0].groups.push("a;b".into());
        }),
        ("answerFile.autoLogon: `nobody` is neither", |spec| spec.answer_file.auto_logon = "nobody".into()),
        ("login.password: is not the password of the account `wfvm`", |spec| {
            spec.login.password = "0".into();
        }),
    ];
    for (expected, change) in cases {
        let found = refused(change);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}\n{found:?}");
    }
}

fn command(spec: &mut Install, path: &str, description: Option<String>) {
    spec.answer_file.specialize_commands.push(RunCommand {
        path: path.into(),
        description,
        will_reboot: None,
    });
}

fn account(spec: &mut Install, name: &str) {
    spec.answer_file.accounts.push(Account {
        name: name.into(),
        password: "p".into(),
        password_file: None,
        description: String::new(),
        display_name: String::new(),
        groups: vec!["Users".into()],
    });
}

#[test]
fn the_first_logon_needs_an_administrator() {
    let found = refused(|spec| spec.answer_file.accounts[0].groups = vec!["Users".into()]);
    assert_eq!(
        found,
        [
            "answerFile.autoLogon: `wfvm` is not in the group `Administrators`, and the SSH server is set up at its \
          first logon"
        ]
    );
    let built_in = |spec: &mut Install| spec.answer_file.auto_logon = "Administrator".into();
    assert!(refused(built_in)[0].starts_with("answerFile.autoLogon: `Administrator` has no password"));
    let with_password = refused(|spec| {
        built_in(spec);
        spec.answer_file.administrator_password = Some("secret".into());
    });
    assert!(with_password.is_empty(), "{with_password:?}");
}

#[test]
fn the_first_logon_file_is_ascii_with_carriage_returns_and_checks_each_command() {
    for os in [&WINDOWS_11_24H2, &REFERENCE_GUEST] {
        let text = first_logon_cmd(&install(), os);
        assert!(text.is_ascii() && text.ends_with("\r\n"));
        assert!(text.split("\r\n").all(|line| !line.contains(['\r', '\n'])));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "echo WFVM:phase=firstLogon> COM1");
        assert_eq!(
            lines.iter().position(|line| *line == "echo WFVM:phase=ready> COM1"),
            Some(lines.len() - 6)
        );
        let commands: Vec<&&str> = lines[2..lines.len() - 6].iter().skip(1).step_by(3).collect();
        assert_eq!(commands.len(), os.sshd.commands.len() + 2);
        for (at, command) in commands.into_iter().enumerate() {
            // `echo %step%` must not see what cmd takes for an operator, nor a line that it cuts.
            assert!(!command.contains(['&', '|', '<', '>', '^', '!']), "{command}");
            assert_eq!(lines[2 + 3 * at], format!("set \"step={command}\""));
            assert_eq!(lines[4 + 3 * at], "if not \"%errorlevel%\"==\"0\" goto failed");
            assert!(command.len() < 8191);
        }
    }
    assert!(first_logon::command_line().len() <= 1024);
}

/// Text with everything that XML must escape, within the limits.
fn words(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        proptest::char::range(' ', '~'),
        proptest::sample::select(vec!['&', '<', '>', '"', '\'', ']', '%', 'ä', '€', '中']),
    ];
    proptest::collection::vec(character, length)
        .prop_map(|characters| characters.into_iter().collect())
        .prop_filter("blanks are no text", |text: &String| text.is_empty() || !text.trim().is_empty())
}

prop_compose! {
    fn any_spec()(
        full_name in words(1..=63),
        description in words(0..=40),
        password in words(0..=127),
        paths in proptest::collection::vec((words(1..=259), proptest::option::of(words(1..=259))), 0..6),
        drivers in proptest::collection::vec(words(1..=20), 0..3),
        uefi in any::<bool>(),
        image in prop_oneof![
            words(1..=60).prop_map(ImageSelection::Name),
            words(1..=60).prop_map(ImageSelection::Description),
            (1_u32..).prop_map(ImageSelection::Index),
        ],
    ) -> Install {
        let mut spec = install();
        spec.machine.firmware = if uefi { Firmware::Uefi } else { Firmware::Bios };
        spec.image = Some(image);
        spec.login.password.clone_from(&password);
        let answers = &mut spec.answer_file;
        answers.full_name = full_name;
        answers.accounts[0].description = description;
        answers.accounts[0].password = password;
        answers.driver_paths = drivers;
        answers.specialize_commands = paths
            .into_iter()
            .map(|(path, description)| RunCommand { path, description, will_reboot: Some(WillReboot::OnRequest) })
            .collect();
        spec
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_reads_back_as_it_was_meant(spec in any_spec(), disk_number in 0_u32..4) {
        let document = xml(&spec, &REFERENCE_GUEST, disk_number).unwrap();
        prop_assert!(document.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend "));
        prop_assert!(!document.contains(|c: char| c.is_control() && c != '\n'));
        let meant = Read::from(&unattend(&spec, &REFERENCE_GUEST, Some(disk_number)));
        prop_assert_eq!(read(&document), meant);
    }

    #[test]
    fn a_control_character_never_reaches_the_file(character in proptest::char::range('\0', '\u{9f}'), field in 0..6) {
        prop_assume!(character.is_control());
        let text = format!("a{character}b");
        let mut spec = install();
        let answers = &mut spec.answer_file;
        match field {
            0 => answers.full_name = text,
            1 => answers.computer_name = Some(text),
            2 => answers.accounts[0].display_name = text,
            3 => answers.specialize_commands.push(RunCommand { path: text, description: None, will_reboot: None }),
            4 => answers.administrator_password = Some(text),
            _ => spec.image = Some(ImageSelection::Name(text)),
        }
        let refusal = xml(&spec, &REFERENCE_GUEST, 0).unwrap_err();
        prop_assert_eq!(refusal.problem, format!("holds the control character U+{:04X}", u32::from(character)));
    }
}
