use super::*;

fn component(name: &str, settings: &str) -> String {
    format!(
        "<component name=\"Microsoft-Windows-{name}\" processorArchitecture=\"amd64\" publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\" versionScope=\"nonSxS\">{settings}</component>"
    )
}

fn document(settings: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">{settings}</unattend>"
    )
}

fn file(pass: &str, name: &str, settings: &str) -> String {
    document(&format!("<settings pass=\"{pass}\">{}</settings>", component(name, settings)))
}

/// The rule that a document breaks, when it is read or when a pass of it is checked.
fn broken(text: &str) -> Option<&'static str> {
    let file = match AnswerFile::parse(text.as_bytes()) {
        Ok(file) => file,
        Err(fault) => return Some(fault.rule),
    };
    [Pass::WindowsPe, Pass::OfflineServicing, Pass::Specialize, Pass::OobeSystem]
        .into_iter()
        .find_map(|pass| file.check(pass, Product::Client).err())
        .map(|fault| fault.rule)
}

fn command(order: &str, path: &str) -> String {
    format!(
        "<RunSynchronousCommand wcm:action=\"add\"><Order>{order}</Order><Path>{path}</Path></RunSynchronousCommand>"
    )
}

fn commands(items: &str) -> String {
    file("specialize", "Deployment", &format!("<RunSynchronous>{items}</RunSynchronous>"))
}

#[test]
fn each_documented_mistake_breaks_its_rule() {
    let specialize = |settings: &str| file("specialize", "Shell-Setup", settings);
    let cases = [
        ("L01", "<unattend".to_owned()),
        ("L01", document("<settings pass=\"windowsPE\"></unattend>")),
        ("L01", document("") + "<x/>"),
        ("L01", document("<!-- a -- b -->")),
        ("L01", document("<settings pass=\"windowsPE\" pass=\"specialize\"/>")),
        (
            "L01",
            "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\"><settings wcm:x=\"\"/></unattend>"
                .to_owned(),
        ),
        ("L02", "<?xml version=\"1.0\" encoding=\"utf-16\"?><unattend/>".to_owned()),
        ("L04", "<unattend/>".to_owned()),
        ("L07", document("<settings pass=\"WindowsPE\"/>")),
        (
            "L08",
            document(&format!(
                "<settings pass=\"specialize\">{0}{0}</settings>",
                component("Shell-Setup", "")
            )),
        ),
        ("L08", specialize("<ComputerName>a</ComputerName><ComputerName>b</ComputerName>")),
        ("L09", file("specialize", "Shel-Setup", "")),
        ("L09", file("specialize", "ServerManager-SvrMgrNc", "")),
        ("L10", file("specialize", "LUA-Settings", "")),
        ("L11", specialize("<ComputerNam>a</ComputerNam>")),
        ("L12", specialize("<OOBE><HideEULAPage>true</HideEULAPage></OOBE>")),
        ("L16", commands("<RunSynchronousCommand><Order>1</Order><Path>x</Path></RunSynchronousCommand>")),
        ("L17", commands(&(command("1", "a") + &command("1", "b")))),
        ("L17", commands(&command("0", "a"))),
        ("L17", commands(&command("501", "a"))),
        ("L17", commands(&command("", "a"))),
        ("L19", commands(&command("1", &"x".repeat(260)))),
        (
            "L21",
            file(
                "oobeSystem",
                "Shell-Setup",
                &format!(
                    "<FirstLogonCommands><SynchronousCommand wcm:action=\"add\"><Order>1</Order><CommandLine>{}</CommandLine></SynchronousCommand></FirstLogonCommands>",
                    "x".repeat(1025)
                ),
            ),
        ),
        ("L23", commands(&command("1", "a\nb"))),
        ("L24", commands(&command("1", ""))),
        ("L26", file("offlineServicing", "LUA-Settings", "<EnableLUA>False</EnableLUA>")),
        (
            "L27",
            file(
                "windowsPE",
                "Setup",
                "<DiskConfiguration><WillShowUI>onError</WillShowUI></DiskConfiguration>",
            ),
        ),
        (
            "L50",
            file(
                "windowsPE",
                "Setup",
                "<ImageInstall><OSImage><InstallFrom><MetaData wcm:action=\"add\"><Key>/IMAGE/EDITION</Key><Value>1</Value></MetaData></InstallFrom></OSImage></ImageInstall>",
            ),
        ),
        ("L61", specialize("<ComputerName>sixteen-letters-</ComputerName>")),
    ];
    for (rule, text) in cases {
        assert_eq!(broken(&text), Some(rule), "{text}");
    }
    assert_eq!(broken(&commands(&(command("1", &"x".repeat(259)) + &command("7", "b")))), None);
}

#[test]
fn a_component_of_another_architecture_says_nothing() {
    let text = file("windowsPE", "Setup", "<Nonsense/>").replace("amd64", "arm64");
    let file = AnswerFile::parse(text.as_bytes()).unwrap();
    assert!(!file.has_pass(Pass::WindowsPe));
    assert_eq!(file.check(Pass::WindowsPe, Product::Client), Ok(()));
}

#[test]
fn utf_16_is_read_by_its_byte_order_mark() {
    let text = file("specialize", "Shell-Setup", "<ComputerName>a</ComputerName>").replace("utf-8", "utf-16");
    let bytes: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let file = AnswerFile::parse(&bytes).unwrap();
    assert_eq!(file.component(Pass::Specialize, "Shell-Setup").text("ComputerName"), Some("a"));
}

#[test]
fn a_processed_pass_is_marked_and_its_secrets_are_gone() {
    let password = "<AutoLogon><Password><Value>c2VjcmV0</Value><PlainText>false</PlainText></Password><Enabled>true</Enabled></AutoLogon>";
    let file = AnswerFile::parse(file("oobeSystem", "Shell-Setup", password).as_bytes()).unwrap();
    assert!(!file.processed(Pass::OobeSystem));
    let text = file.after(Pass::OobeSystem);
    assert!(!text.contains("c2VjcmV0") && text.contains("*SENSITIVE*DATA*DELETED*"), "{text}");
    let again = AnswerFile::parse(text.as_bytes()).unwrap();
    assert!(again.processed(Pass::OobeSystem) && !again.processed(Pass::Specialize));
    assert!(again.component(Pass::OobeSystem, "Shell-Setup").is_true("AutoLogon/Enabled"));
}

/// The builder's own golden answer files are what this guest must be able to run.
#[test]
fn the_products_answer_files_are_accepted() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/answer-file");
    let mut seen = 0;
    for case in fs_err::read_dir(golden).unwrap() {
        let path = case.unwrap().path().join("Autounattend.xml");
        if path.exists() {
            assert_eq!(broken(&fs_err::read_to_string(&path).unwrap()), None, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

/// The settings that WFVM's answer file has, in its order.
#[test]
fn an_answer_file_as_wfvm_makes_it_is_accepted() {
    assert_eq!(broken(include_str!("fixtures/wfvm.xml")), None);
}

#[test]
fn no_damaged_document_makes_it_panic() {
    let text = commands(&command("1", "a &amp; b"));
    for length in 0..text.len() {
        drop(AnswerFile::parse(&text.as_bytes()[..length]));
    }
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 0x15;
        if let Ok(file) = AnswerFile::parse(&bytes) {
            drop((file.check(Pass::Specialize, Product::Client), file.after(Pass::Specialize)));
        }
    }
}

/// Where the guest and the linter, which share no code, judge differently, and why.
const OTHERWISE: [(&str, &str); 8] = [
    // The guest passes over elements of other namespaces; what they say is lost, as lint says.
    ("xmlns-empty", "-"),
    // Setup's words for a file without `publicKeyToken` are not known: the guest applies the component.
    ("no-public-key-token", "-"),
    // The linter warns: what Windows' parser does with this is not known.
    ("utf-16-declared-utf-8", "L02"),
    // The linter notes it: Windows' parser knows the encoding, the guest does not.
    ("windows-1252", "L02"),
    // The guest's disk plan finds it, not the check of the settings.
    ("disk-twice", "-"),
    // The guest's table has a part of the reference's components and settings.
    ("oem-information", "L11"),
    ("domain-join", "L11"),
    ("wow64-beside-amd64", "-"),
];

/// Rules that the guest checks before it obeys a pass; others it meets while it obeys.
const CHECKED: [&str; 19] = [
    "L01", "L02", "L04", "L05", "L06", "L07", "L08", "L10", "L11", "L12", "L16", "L17", "L19", "L21", "L22",
    "L24", "L26", "L27", "L50",
];

/// The number of a rule of `lint`, its severity with it, from the rule's page.
fn page(rule: &str) -> (String, bool) {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint");
    let text = fs_err::read_to_string(docs.join(format!("{rule}.md"))).unwrap();
    let number =
        text.split_once("| number | ").map_or("-", |(_, rest)| rest.split(',').next().unwrap_or("-"));
    // The guest tells of everything that is not XML by one number.
    let number = if ["L05", "L89"].contains(&number) { "L01" } else { number };
    (number.to_owned(), text.contains("| severity | error |"))
}

/// The linter's corpus: files with one mistake each, and good ones.
#[test]
fn what_the_linter_finds_the_guest_refuses() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/lint");
    let mut wrong = Vec::new();
    let mut compared = 0;
    for folder in ["bad", "good"] {
        let table = fs_err::read_to_string(golden.join(format!("{folder}.tsv"))).unwrap();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let bytes = fs_err::read(golden.join(folder).join(format!("{}.xml", columns[0]))).unwrap();
            // The linter knows of no client where nobody has told it of one.
            let product = if line.contains("server-component") { Product::Client } else { Product::Server };
            let verdict = match AnswerFile::parse(&bytes) {
                Err(fault) => Some(fault.rule),
                Ok(file) => Pass::ALL
                    .iter()
                    .find_map(|(pass, _)| file.check(*pass, product).err())
                    .map(|fault| fault.rule),
            };
            let rules: Vec<(String, bool)> = if folder == "bad" {
                columns[2].split(' ').map(|found| page(found.split(':').next().unwrap())).collect()
            } else {
                Vec::new()
            };
            let fits = match verdict {
                Some(fault) => rules.iter().any(|(number, _)| number == fault),
                None => !rules.iter().any(|(number, error)| *error && CHECKED.contains(&number.as_str())),
            };
            compared += 1;
            let said = verdict.unwrap_or("-");
            if !fits && !OTHERWISE.contains(&(columns[0], said)) {
                wrong.push(format!("{folder}/{}: the guest says {said}, lint {rules:?}", columns[0]));
            }
        }
    }
    assert!(compared > 150, "{compared}");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
