//! The first boot of the image, as SYSTEM.

use super::element::{Element, flag, text};
use super::{Component, command_file, networking, run_synchronous, settings};
use crate::guest_os::GuestOs;
use crate::phase::Phase;
use crate::spec::{AnswerFile, Install, RunCommand, Strategy, WillReboot};

pub(super) fn components(spec: &Install, os: &GuestOs) -> Vec<Component> {
    let answers = &spec.answer_file;
    let commands = std::iter::once(marker(Phase::Specialize, "Tell the host that this pass runs"))
        .chain(settings_command(answers))
        .chain(answers.specialize_commands.iter().map(command))
        .chain([marker(Phase::OobeSystem, "Tell the host that the next pass follows")]);
    let mut shell = Vec::new();
    if let Some(name) = &answers.computer_name {
        shell.push(text("ComputerName", name));
    }
    if let Some(key) = answers.product_key.as_ref().filter(|_| spec.strategy == Strategy::Apply) {
        // For activation: no Setup has asked for one.
        shell.push(text("ProductKey", key.to_ascii_uppercase()));
    }
    shell.push(text("TimeZone", &answers.time_zone));
    if let Some(follows) = answers.settings.daylight_saving {
        shell.push(flag("DisableAutoDaylightTimeSet", !follows));
    }
    let mut components = vec![
        Component { name: "Microsoft-Windows-Deployment", settings: vec![run_synchronous(commands)] },
        Component { name: "Microsoft-Windows-Shell-Setup", settings: shell },
    ];
    if os.encrypts_devices && !answers.settings.device_encryption.unwrap_or(false) {
        // A disk that is encrypted cannot be read from outside, nor stored compactly.
        components.push(Component {
            name: "Microsoft-Windows-SecureStartup-FilterDriver",
            settings: vec![flag("PreventDeviceEncryption", true)],
        });
    }
    if let Some(activates) = answers.settings.automatic_activation {
        components.push(Component {
            name: "Microsoft-Windows-Security-SPP-UX",
            settings: vec![flag("SkipAutoActivation", !activates)],
        });
    }
    components.extend(networking::components(&answers.settings));
    components
}

/// One command for all that has no element, before the user's own commands.
fn settings_command(answers: &AnswerFile) -> Option<Vec<Element>> {
    let steps = settings::specialize(&answers.settings);
    (!steps.is_empty()).then(|| {
        vec![
            text("Path", command_file::start(settings::SPECIALIZE_FILE_NAME)),
            text("Description", "Set values and place files"),
        ]
    })
}

/// COM1 is the only way out before there is a network.
fn marker(phase: Phase, description: &str) -> Vec<Element> {
    vec![text("Path", format!("cmd.exe /c echo WFVM:phase={phase}> COM1")), text("Description", description)]
}

fn command(command: &RunCommand) -> Vec<Element> {
    let mut settings = vec![
        text("Path", &command.path),
        text("Description", command.description.as_ref().unwrap_or(&command.path)),
    ];
    if let Some(will_reboot) = command.will_reboot {
        settings.push(text(
            "WillReboot",
            match will_reboot {
                WillReboot::Always => "Always",
                WillReboot::OnRequest => "OnRequest",
                WillReboot::Never => "Never",
            },
        ));
    }
    settings
}
