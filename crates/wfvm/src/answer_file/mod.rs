//! From a spec to the answer file that Windows Setup obeys, and to the command
//! file that runs at the first logon.
//!
//! Every mistake that the file could carry is refused here with the field of the
//! spec that it comes from: Setup itself would stop at a page that names none.
//! Names and limits are those of Microsoft's "Unattended Windows Setup Reference".

mod apply;
mod command_file;
mod disk_configuration;
mod element;
mod first_logon;
mod limits;
mod networking;
mod offline_servicing;
mod oobe_system;
mod password;
mod settings;
mod specialize;
mod windows_pe;

pub use apply::{IN_PANTHER as PANTHER_FILE_NAME, LATER as LATER_FILE_NAME};
pub use command_file::TAG_FILE_NAME;
pub use disk_configuration::windows_partition;
pub use first_logon::{FILE_NAME as FIRST_LOGON_FILE_NAME, first_logon_cmd};
pub use limits::problems;
pub use password::unhidden;
use settings::settings_files;
pub use settings::{SettingsFile, placed_name};
pub use windows_pe::DRIVERS_FOLDER;

use crate::answer_schema::{NAMESPACE, PUBLIC_KEY_TOKEN, Pass, WCM_NAMESPACE};
use crate::guest_os::GuestOs;
use crate::spec::{Install, Strategy};
use element::{Element, group};

/// The name that Setup looks for in the root of removable media.
pub const FILE_NAME: &str = "Autounattend.xml";

/// A value that Setup would not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct AnswerFileError {
    /// The field of the spec, such as `answerFile.accounts[0].name`.
    pub field: String,
    /// The value, and the limit that it breaks.
    pub problem: String,
}

/// The answer file of an installation on disk `disk_number`, as Setup counts disks.
///
/// # Errors
/// The first of [`problems`].
pub fn xml(spec: &Install, os: &GuestOs, disk_number: u32) -> Result<String, AnswerFileError> {
    if let Some(problem) = problems(spec, os).into_iter().next() {
        return Err(problem);
    }
    document(&match spec.strategy {
        Strategy::Setup => unattend(spec, os, Some(disk_number)),
        Strategy::Apply => passes([(Pass::WindowsPe, windows_pe::components(spec, os, disk_number))]),
    })
}

/// What the answer medium has beside the answer file, `first-logon.cmd` and the tag: command
/// files, registry files, and what the strategy `apply` needs.
///
/// # Errors
/// The first of [`problems`].
pub fn medium_files(
    spec: &Install,
    os: &GuestOs,
    disk_number: u32,
) -> Result<Vec<SettingsFile>, AnswerFileError> {
    let mut files = settings_files(&spec.answer_file.settings);
    if spec.strategy == Strategy::Apply {
        if let Some(problem) = problems(spec, os).into_iter().next() {
            return Err(problem);
        }
        files.extend(apply::files(spec, disk_number, document(&unattend(spec, os, None))?));
    }
    Ok(files)
}

/// The memory writer does not fail; text that is not UTF-8 cannot reach it.
fn document(root: &Element) -> Result<String, AnswerFileError> {
    root.document().map_err(|error| AnswerFileError {
        field: "answerFile".into(),
        problem: format!("cannot be written as XML: {error}"),
    })
}

/// The passes in the order in which they run; without that of Windows PE, where there is no disk.
fn unattend(spec: &Install, os: &GuestOs, disk_number: Option<u32>) -> Element {
    let windows_pe = disk_number.map(|number| (Pass::WindowsPe, windows_pe::components(spec, os, number)));
    passes(windows_pe.into_iter().chain([
        (Pass::OfflineServicing, offline_servicing::components(spec)),
        (Pass::Specialize, specialize::components(spec, os)),
        (Pass::OobeSystem, oobe_system::components(spec)),
    ]))
}

fn passes(passes: impl IntoIterator<Item = (Pass, Vec<Component>)>) -> Element {
    let settings = passes.into_iter().map(|(pass, components)| {
        let components: Vec<Element> = components.into_iter().map(Component::element).collect();
        group("settings", components).with("pass", pass.name())
    });
    group("unattend", settings.collect::<Vec<_>>()).with("xmlns", NAMESPACE).with("xmlns:wcm", WCM_NAMESPACE)
}

/// A component of Windows with its settings for one pass.
#[derive(Debug)]
struct Component {
    name: &'static str,
    settings: Vec<Element>,
}

impl Component {
    fn element(self) -> Element {
        // Any other token, language or scope makes Windows ignore the component in silence.
        group("component", self.settings)
            .with("name", self.name)
            .with("processorArchitecture", "amd64")
            .with("publicKeyToken", PUBLIC_KEY_TOKEN)
            .with("language", "neutral")
            .with("versionScope", "nonSxS")
    }
}

/// A `RunSynchronous` list, counted from 1.
fn run_synchronous(commands: impl IntoIterator<Item = Vec<Element>>) -> Element {
    let items: Vec<Element> = commands
        .into_iter()
        .zip(1_u64..)
        .map(|(command, order)| {
            let mut settings = vec![element::number("Order", order)];
            settings.extend(command);
            group("RunSynchronousCommand", settings).added()
        })
        .collect();
    group("RunSynchronous", items)
}

/// The four locale settings that windowsPE and oobeSystem both need: without the
/// first Setup asks for the language, without the second OOBE asks for the region.
fn locales(spec: &Install) -> Vec<Element> {
    let answers = &spec.answer_file;
    let mut locales = vec![
        element::text("InputLocale", &answers.input_locale),
        element::text("SystemLocale", &answers.system_locale),
        element::text("UILanguage", &answers.ui_language),
    ];
    locales.extend(
        answers.settings.ui_language_fallback.iter().map(|tag| element::text("UILanguageFallback", tag)),
    );
    locales.push(element::text("UserLocale", &answers.user_locale));
    locales
}

#[cfg(test)]
mod tests;
