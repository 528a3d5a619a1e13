//! The windowsPE pass: from the answer file to a disk that starts the installed system.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;

use super::{cache_after, parse_page};
use crate::answer_file::{AnswerFile, Component, Pass, Product, order};
use crate::answer_search::{self, Found, Outcome};
use crate::boot::{self, SetupMedium};
use crate::disk_configuration;
use crate::disk_configuration::plan::{Firmware, Plan, PresentDisk, plan};
use crate::image::wim::ImageDescription;
use crate::image::{self, ProductKeys, apply};
use crate::page::{self, Page};
use crate::power::{self, End};
use crate::stand_ins::{self, preinstallation};
use crate::state::State;
use crate::wine::{self, Ended};
use crate::{accounts, block, drive_letters, network, panther, passes, wait, windows_path};

const PREINSTALLATION_PREFIX: &str = "/run/preinstallation";
const PANTHER: &str = "/c/Windows/Panther";

/// Plays Setup to its first restart.
pub(crate) fn run(medium: &SetupMedium) -> Result<(), Page> {
    page::progress("Windows Setup", "Setup is starting");
    boot::settle_usb();
    let (found, drives) = find(&medium.path)?;
    let Found { file, windows_path } = &found;
    check(file, windows_path, &medium.path)?;
    let setup = file.component(Pass::WindowsPe, "Setup");
    run_commands(&setup, medium, drives.clone())?;
    let numbered = block::numbered();
    let firmware = disk_configuration::firmware();
    let present: Vec<_> = numbered.iter().map(disk_configuration::present).collect();
    let keys = ProductKeys::of_the_medium();
    let Decision { image, plan } = decide(&setup, &medium.wim.images, &keys, firmware, &present)?;
    panther::info("IBSLIB", format!("image {} ({}) is selected", image.index, image.name));
    page::progress("Installing Windows", "Getting files ready for installation");
    let volumes = disk_configuration::apply(&plan, firmware, &numbered)?;
    let installed = |error: std::io::Error| {
        Page::new(
            "Install Windows",
            "Windows cannot install required files. The file may be corrupt or missing. Make sure all files required for installation are available, and restart the installation.",
            error.to_string(),
        )
        .from("APPLY")
    };
    let wim_file = fs::File::open(medium.path.join("sources/install.wim")).map_err(installed)?;
    let blob = medium.wim.blob("Windows.sqfs").map_err(|error| installed(std::io::Error::other(error)))?;
    apply::apply(&volumes, &wim_file, blob).map_err(installed)?;
    panther::attach(Path::new(PANTHER));
    accounts::Accounts::built_in().save().map_err(installed)?;
    accounts::make_profile("Public").map_err(installed)?;
    cache_after(file, Pass::WindowsPe).map_err(installed)?;
    apply::prepare(image).map_err(installed)?;
    State::fresh().save().map_err(installed)?;
    passes::drivers::install(&found, &drives)?;
    apply::install_boot_files(&volumes, &medium.path).map_err(installed)?;
    page::progress("Installing Windows", "Windows needs to restart to continue");
    panther::info("SETUP", "the windowsPE pass is done");
    panther::detach();
    power::request(if setup.text("Restart") == Some("Shutdown") { End::PowerOff } else { End::Restart });
    Ok(())
}

/// What Setup has decided before it writes.
pub(crate) struct Decision<'a> {
    pub(crate) image: &'a ImageDescription,
    pub(crate) plan: Plan,
}

/// Licence, image, key and disks, in this order.
pub(crate) fn decide<'a>(
    setup: &Component<'_>,
    images: &'a [ImageDescription],
    keys: &ProductKeys,
    firmware: Firmware,
    present: &[PresentDisk],
) -> Result<Decision<'a>, Page> {
    if !setup.is_true("UserData/AcceptEula") {
        return Err(Page::new(
            "Please read the license terms",
            "Applicable notices and license terms. You must accept the license terms to continue: [ ] I accept the license terms",
            "L29: UserData/AcceptEula is not true in the answer file",
        )
        .from("IBS"));
    }
    let image = image::choose(setup, images, keys)?;
    Ok(Decision { image, plan: plan(setup, firmware, present)? })
}

/// Searches until a file is found; a slow stick gets some time before Setup asks a person.
fn find(medium: &Path) -> Result<(Found, Vec<drive_letters::Drive>), Page> {
    const GRACE: Duration = Duration::from_secs(10);
    let mut all_skipped = Vec::new();
    let ended = wait::until(GRACE, || {
        let drives = drive_letters::assign(&block::disks(), None, &[], &[], &BTreeMap::new());
        match answer_search::search(&drives, Some(medium), Pass::WindowsPe) {
            Outcome::Found(found) => Some(Ok((found, drives))),
            Outcome::Wrong(wrong) => {
                Some(Err(parse_page(&wrong.windows_path, Pass::WindowsPe, &wrong.fault)))
            }
            Outcome::Nothing { skipped } => {
                all_skipped = skipped;
                wait::pause(Duration::from_millis(500));
                None
            }
        }
    });
    ended.unwrap_or_else(|| Err(not_found(&all_skipped)))
}

/// Without an answer file Setup asks a person.
pub(crate) fn not_found(skipped: &[String]) -> Page {
    let cause = if skipped.is_empty() {
        "L85: there is no Autounattend.xml in the root of a removable medium".to_owned()
    } else {
        format!("L28: {} has no settings for the pass windowsPE", skipped.join(", "))
    };
    Page::new(
        "Windows Setup",
        "Language to install:\nTime and currency format:\nKeyboard or input method:\n\nEnter your language and other preferences and click \"Next\" to continue.",
        cause,
    )
    .from("IBS")
}

/// The pass's settings, and the languages by the medium.
pub(crate) fn check(file: &AnswerFile, windows_path: &str, medium: &Path) -> Result<(), Page> {
    // No component of servers alone has settings for this pass.
    file.check(Pass::WindowsPe, Product::Client)
        .map_err(|fault| parse_page(windows_path, Pass::WindowsPe, &fault))?;
    let international = file.component(Pass::WindowsPe, "International-Core-WinPE");
    let lang_ini = fs::read_to_string(medium.join("sources/lang.ini")).unwrap_or_default();
    image::check_language(international.text("SetupUILanguage/UILanguage"), &lang_ini)?;
    image::check_language(international.text("UILanguage"), &lang_ini)?;
    passes::oobe_system::check_locale_words(&international)
        .map_err(|fault| parse_page("Autounattend.xml", Pass::WindowsPe, &fault))
}

/// `RunSynchronous` in Windows PE. Wine is started only if there is a command.
fn run_commands(
    setup: &Component<'_>,
    medium: &SetupMedium,
    drives: Vec<drive_letters::Drive>,
) -> Result<(), Page> {
    let commands = setup.ordered("RunSynchronous/RunSynchronousCommand");
    if commands.is_empty() {
        return Ok(());
    }
    preinstallation::begin(&medium.path);
    let prepared = prepare_prefix(drives)
        .and_then(|()| network::start_loopback())
        .and_then(|()| stand_ins::serve())
        .and_then(|()| wine::start());
    prepared
        .map_err(|error| Page::new("Windows Setup", "Windows PE could not be started.", error.to_string()))?;
    for command in commands {
        let line = command.text_at("Path").unwrap_or("");
        panther::info("SETUP", format!("RunSynchronous {}: [{line}]", order(command)));
        let ended = wine::run(
            line,
            wine::SYSTEM_USER,
            &windows_path::resolve(Path::new("/prefix/drive_c"), "Windows/system32"),
        );
        panther::info("SETUP", format!("RunSynchronous {}: {ended:?}", order(command)));
        if ended != Ended::Exit(0) {
            wine::stop();
            return Err(Page::new(
                "Windows Setup",
                "Windows could not parse or process the unattend answer file for pass [windowsPE]. The settings specified in the answer file cannot be applied. The error was detected while processing settings for component [Microsoft-Windows-Setup].",
                format!("RunSynchronous command {} ended with {ended:?}: {line}", order(command)),
            ));
        }
    }
    wine::stop();
    Ok(())
}

/// Windows PE's registry and letters are its own and vanish with it.
fn prepare_prefix(drives: Vec<drive_letters::Drive>) -> std::io::Result<()> {
    let prefix = Path::new(PREINSTALLATION_PREFIX);
    fs::create_dir_all(prefix)?;
    for name in ["system.reg", "user.reg", "userdef.reg", ".update-timestamp"] {
        let from = Path::new("/prefix").join(name);
        if from.exists() {
            fs::copy(from, prefix.join(name))?;
        }
    }
    wine::use_prefix(prefix);
    drive_letters::prepare(Path::new("/prefix/drive_c"), prefix)?;
    drive_letters::publish(drives)
}
