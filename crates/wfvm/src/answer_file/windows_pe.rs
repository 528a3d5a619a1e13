//! The pass in Windows PE: language, disk, image, key, licence.

use super::element::{Element, flag, group, number, text};
use super::{Component, apply, disk_configuration, locales, run_synchronous};
use crate::guest_os::GuestOs;
use crate::spec::{ImageSelection, Install, Strategy};
use crate::virtio_win;

/// The folder of the answer medium that has the drivers.
pub const DRIVERS_FOLDER: &str = "drivers";

pub(super) fn components(spec: &Install, os: &GuestOs, disk_number: u32) -> Vec<Component> {
    let mut international =
        vec![group("SetupUILanguage", [text("UILanguage", &spec.answer_file.ui_language)])];
    if let Some(driver) = spec.answer_file.settings.layered_driver {
        international.push(number("LayeredDriver", driver));
    }
    international.extend(locales(spec));
    let international =
        Component { name: "Microsoft-Windows-International-Core-WinPE", settings: international };
    if spec.strategy == Strategy::Apply {
        // The language is there so that Setup does not ask for one before it runs the command.
        return vec![international, apply::setup_component()];
    }
    let mut components = vec![
        international,
        Component { name: "Microsoft-Windows-Setup", settings: setup(spec, os, disk_number) },
    ];
    if !driver_folders(spec).is_empty() {
        components.push(Component {
            name: "Microsoft-Windows-PnpCustomizationsWinPE",
            settings: vec![driver_paths(&driver_folders(spec))],
        });
    }
    components
}

fn setup(spec: &Install, os: &GuestOs, disk_number: u32) -> Vec<Element> {
    let mut settings = vec![
        disk_configuration::disk_configuration(spec.machine.firmware, disk_number),
        image_install(spec, disk_number),
        user_data(spec),
        // The guest has no network while it is installed.
        group("DynamicUpdate", [flag("Enable", false), text("WillShowUI", "Never")]),
    ];
    let bypasses: Vec<Vec<Element>> =
        os.lacking(spec).map(|requirement| bypass(requirement.bypass)).collect();
    if !bypasses.is_empty() {
        settings.push(run_synchronous(bypasses));
    }
    settings
}

fn image_install(spec: &Install, disk_number: u32) -> Element {
    let metadata = match &spec.image {
        Some(ImageSelection::Index(index)) => Some(("/IMAGE/INDEX", index.to_string())),
        Some(ImageSelection::Name(name)) => Some(("/IMAGE/NAME", name.clone())),
        Some(ImageSelection::Description(description)) => Some(("/IMAGE/DESCRIPTION", description.clone())),
        // The key chooses it. An installation gives its number, which it has from the medium.
        Some(ImageSelection::Edition(_)) | None => None,
    };
    let install_from = metadata
        .map(|(key, value)| group("MetaData", [text("Key", key), text("Value", value)]).added())
        .map(|metadata| group("InstallFrom", [metadata]));
    // Without a `Path` Setup takes the install image of its own medium, whether .wim, .esd or .swm.
    let mut os_image: Vec<Element> = Vec::new();
    if let Some(compact) = spec.answer_file.settings.compact_os {
        os_image.push(flag("Compact", compact));
    }
    os_image.extend(install_from);
    os_image.push(disk_configuration::install_to(spec.machine.firmware, disk_number));
    os_image.push(text("WillShowUI", "OnError"));
    group("ImageInstall", [group("OSImage", os_image)])
}

fn user_data(spec: &Install) -> Element {
    let answers = &spec.answer_file;
    let mut settings = vec![
        flag("AcceptEula", true),
        text("FullName", &answers.full_name),
        text("Organization", &answers.organization),
    ];
    // An empty `Key` is not allowed. Evaluations have none, and none may be given.
    if let Some(key) = &answers.product_key {
        let key = text("Key", key.to_ascii_uppercase());
        settings.push(group("ProductKey", [key, text("WillShowUI", "OnError")]));
    }
    group("UserData", settings)
}

fn bypass(value: &'static str) -> Vec<Element> {
    vec![
        text("Path", format!(r"reg.exe add HKLM\SYSTEM\Setup\LabConfig /v {value} /t REG_DWORD /d 1 /f")),
        text("Description", value),
    ]
}

/// Those of the answer medium first, on whatever letter it has: Setup passes over a folder that
/// is not there.
fn driver_folders(spec: &Install) -> Vec<String> {
    given_drivers(spec).into_iter().chain(spec.answer_file.driver_paths.iter().cloned()).collect()
}

/// Whether the answer medium has a folder of drivers.
pub(super) fn brings_drivers(spec: &Install) -> bool {
    let settings = &spec.answer_file.settings;
    let chosen = settings.virtio_win.is_some() && !virtio_win::needed(&spec.machine).is_empty();
    !settings.drivers.is_empty() || chosen
}

/// Where the drivers may be that the answer medium brings.
pub(super) fn given_drivers(spec: &Install) -> Vec<String> {
    let letters = if brings_drivers(spec) { "CDEFGHIJK" } else { "" };
    letters.chars().map(|letter| format!("{letter}:\\{DRIVERS_FOLDER}")).collect()
}

/// A `DriverPaths` list.
pub(super) fn driver_paths(folders: &[String]) -> Element {
    let paths: Vec<Element> = folders
        .iter()
        .zip(1_u64..)
        .map(|(path, key)| {
            group("PathAndCredentials", [text("Path", path)]).added().with("wcm:keyValue", key.to_string())
        })
        .collect();
    group("DriverPaths", paths)
}
