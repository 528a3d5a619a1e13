//! The file beside the machine that it will run on.

use super::{
    Findings, Machine, Target,
    installation::Installation,
    rule::rules,
    tree::{at, is_true, text},
};
use crate::answer_schema::Pass;
use crate::guest_os::{self, Hardware};
use crate::spec::Firmware;

rules! {
    REQUIREMENT = Error "windows-11-requirement" "L81" {
        says: "The machine lacks something that Setup of Windows 11 checks, and the file does not skip the check.",
        consequence: "\"This PC can't currently run Windows 11\", and Setup ends.",
        advice: "Give the machine what it lacks, or add the value below `HKLM\\SYSTEM\\Setup\\LabConfig` in a command of windowsPE.",
        source: "Microsoft, \"Windows 11 requirements\"; the values are those that cschneegans/unattend-generator and dockur/windows set",
        basis: Documented, needs: IsoAndMachine,
    }
    UPDATE_WITHOUT_NETWORK = Warning "update-without-network" "L80" {
        says: "Setup is to look for updates of itself, and the machine has no network.",
        consequence: "Setup waits for the network before it goes on, or fails.",
        advice: "Write `<Enable>false</Enable>`.",
        source: "unattend reference, DynamicUpdate/Enable",
        basis: Inferred, needs: Machine,
    }
    OTHER_ANSWER_FILE = Warning "other-answer-file" "L83" {
        says: "The installation medium has an answer file of its own.",
        consequence: "Setup takes the first that it finds: removable media that can be written, then those that cannot, then the medium.",
        advice: "Take a medium without, or be sure that yours lies on the medium that is searched first.",
        source: "Microsoft, \"Windows Setup Automation Overview\": implicit answer file search",
        basis: Documented, needs: Iso,
    }
    FILE_NAME = Note "file-name" "L85" {
        says: "The file is not called Autounattend.xml.",
        consequence: "Setup finds it by itself under that name alone; any other needs `setup.exe /unattend:FILE`.",
        advice: "Call it Autounattend.xml in the root of its medium.",
        source: "Microsoft, \"Windows Setup Automation Overview\": implicit answer file search",
        basis: Documented, needs: File,
    }
}

pub(super) fn check(installation: &Installation, target: &Target, findings: &mut Findings) {
    let machine = &target.machine;
    if let Some(update) = installation.setup().and_then(|setup| at(setup, "DynamicUpdate"))
        && is_true(update, "Enable")
        && machine.network == Some(false)
    {
        findings.add(&UPDATE_WITHOUT_NETWORK, update, "`Enable` is `true`");
    }
    if let Some(path) = target.iso.and_then(|iso| iso.foreign_answer_file) {
        findings.add(&OTHER_ANSWER_FILE, installation.root, format!("`{path}` is on the medium"));
    }
    let other = target.file_name.filter(|name| !name.eq_ignore_ascii_case(crate::answer_file::FILE_NAME));
    if let Some(name) = other.filter(|_| installation.is_by_setup()) {
        findings.add(&FILE_NAME, installation.root, format!("it is called {name}"));
    }
    requirements(installation, target, findings);
}

fn requirements(installation: &Installation, target: &Target, findings: &mut Findings) {
    let Some(setup) = installation.setup().filter(|_| installation.is_by_setup()) else { return };
    let Some(image) = installation.image(target) else { return };
    let release =
        image.build.and_then(|build| guest_os::of_image(build, &image.installation_type, &image.edition_id));
    let Some(release) = release else { return };
    let commands: Vec<String> = installation
        .commands()
        .into_iter()
        .filter(|(pass, _)| *pass == Pass::WindowsPe)
        .map(|(_, command)| text(command))
        .collect();
    for requirement in release.requirements {
        let skipped = commands.iter().any(|command| command.contains(requirement.bypass));
        if !skipped && is_lacking(requirement.hardware, &target.machine) {
            findings.add_with_hint(
                &REQUIREMENT,
                setup,
                format!("the machine does not have {}, which {} wants", requirement.hardware, release.title),
                format!("the value is `{}`, REG_DWORD 1", requirement.bypass),
            );
        }
    }
}

/// Whether the machine is known not to have it.
fn is_lacking(hardware: Hardware, machine: &Machine) -> bool {
    match hardware {
        Hardware::Tpm => machine.tpm == Some(false),
        Hardware::SecureBoot => {
            machine.firmware == Some(Firmware::Bios) || machine.secure_boot == Some(false)
        }
        Hardware::MemoryMib(least) => machine.memory_mib.is_some_and(|mib| mib < least),
        Hardware::DiskMib(least) => machine.disk_mib.is_some_and(|mib| mib < least),
    }
}
