//! The strategy `apply`: Windows PE runs our script, which divides the disk and applies the
//! image with Microsoft's own tools. Setup gets no further than its first command.
//!
//! The steps are those of "Apply images using DISM" and of its sample `ApplyImage.bat`.

use super::command_file::{self, Step};
use super::element::{Element, group, number, text};
use super::{Component, SettingsFile, disk_configuration, windows_pe};
use crate::spec::{Firmware, ImageSelection, Install};

/// The command file that Windows PE runs.
const FILE_NAME: &str = "apply.cmd";
/// What `diskpart` does.
const DISKPART: &str = "diskpart.txt";
/// The answer file of the later passes, under a name that Setup does not look for.
pub const LATER: &str = "later.xml";
/// The name that it gets in `Windows\Panther`, where the later passes look.
pub const IN_PANTHER: &str = "unattend.xml";

/// The settings of the windowsPE pass: one command.
pub(super) fn setup_component() -> Component {
    let command = group(
        "RunSynchronousCommand",
        [
            number("Order", 1_u64),
            text("Path", command_file::start(FILE_NAME)),
            text("Description", "Apply the image"),
        ],
    );
    let commands: Element = group("RunSynchronous", [command.added()]);
    Component { name: "Microsoft-Windows-Setup", settings: vec![commands] }
}

/// The files of the answer medium that the script needs, itself among them.
pub(super) fn files(spec: &Install, disk_number: u32, later: String) -> Vec<SettingsFile> {
    let file = |name: &str, text: String| SettingsFile { name: name.into(), contents: text.into_bytes() };
    vec![
        file(FILE_NAME, script(spec)),
        file(DISKPART, disk_configuration::diskpart(spec.machine.firmware, disk_number)),
        file(LATER, later),
    ]
}

/// From a blank disk to one that starts the installed system. `S:` is its system partition and
/// `W:` that of Windows, as in Microsoft's samples; `X:` is Windows PE.
fn script(spec: &Install) -> String {
    let index = match &spec.image {
        Some(ImageSelection::Index(index)) => *index,
        // The installation knows the number; whoever has no medium gets the first.
        Some(_) | None => 1,
    };
    let compact = if spec.answer_file.settings.compact_os == Some(true) { " /Compact" } else { "" };
    let firmware = match spec.machine.firmware {
        Firmware::Uefi => "UEFI",
        Firmware::Bios => "BIOS",
    };
    let mut steps = Vec::new();
    if windows_pe::brings_drivers(spec) {
        // Windows PE sees the disk only then. What it cannot use is no fault: without a disk `diskpart` fails.
        steps.push(Step::named(
            "drvload",
            format!(
                r#"for /r "%~dp0{}" %%i in (*.inf) do drvload.exe "%%i" || ver > nul"#,
                windows_pe::DRIVERS_FOLDER
            ),
        ));
    }
    steps.push(Step::own(format!(r#"diskpart.exe /s "%~dp0{DISKPART}""#)));
    // Whichever of them the medium has, on whatever letter.
    for (kind, parts) in [("wim", ""), ("esd", ""), ("swm", r#" /SWMFile:"%%d:\sources\install*.swm""#)] {
        let path = format!(r"%%d:\sources\install.{kind}");
        steps.push(Step::named(
            format!("find install.{kind}"),
            format!(
                r#"for %%d in (C D E F G H I J K) do if exist {path} set source=/ImageFile:"{path}"{parts}"#
            ),
        ));
    }
    // The percentages are a sign of life.
    steps.push(Step::named(
        "dism /Apply-Image",
        format!(r"dism.exe /Apply-Image %source% /Index:{index} /ApplyDir:W:\{compact} > COM1"),
    ));
    if windows_pe::brings_drivers(spec) {
        steps.push(Step::named(
            "dism /Add-Driver",
            format!(
                r#"dism.exe /Image:W:\ /Add-Driver /Driver:"%~dp0{}" /Recurse > COM1"#,
                windows_pe::DRIVERS_FOLDER
            ),
        ));
    }
    steps.push(Step::own(format!(r"W:\Windows\System32\bcdboot.exe W:\Windows /s S: /f {firmware}")));
    steps.push(Step::own(r"if not exist W:\Windows\Panther\ mkdir W:\Windows\Panther"));
    steps.push(Step::own(format!(r#"copy /y "%~dp0{LATER}" W:\Windows\Panther\{IN_PANTHER}"#)));
    // The pass offlineServicing, which nobody else runs.
    steps.push(Step::own(format!(r#"dism.exe /Image:W:\ /Apply-Unattend:"%~dp0{LATER}""#)));
    steps.push(Step::own("wpeutil.exe reboot"));
    command_file::endless(&steps)
}
