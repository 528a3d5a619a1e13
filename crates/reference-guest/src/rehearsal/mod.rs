//! Setup rehearsed: everything that it decides, by the code that decides it in Windows PE and at the first start, and
//! nothing that it does. It needs no machine: the media are directories, and the end is a report or Setup's page.

mod command_file;
mod request;
mod requirements;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use fs_err as fs;
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::answer_file::{AnswerFile, Component, Pass, order};
use crate::answer_search::{self, Found, Outcome};
use crate::disk_configuration::plan::{DiskPlan, PresentDisk, SECTORS_PER_MIB};
use crate::image::ProductKeys;
use crate::image::wim::{ImageDescription, Wim};
use crate::page::Page;
use crate::passes::oobe_system::{self, Logon};
use crate::passes::windows_pe::{self, Decision};
use crate::passes::{self, parse_page, specialize};
use crate::registry::{Hive, Value as RegistryValue};
use crate::stand_ins::pnputil;
use crate::stand_ins::preinstallation::rehearsed::Rehearsed;
use command_file::{Copies, Drives};
use request::Request;
use requirements::Seen;

// As a guest with one CD for Setup and one for the answers has them.
const MEDIUM: char = 'D';
const ANSWERS: char = 'E';
/// Where the first start looks for the answers of the later passes.
const CACHED: &str = r"W:\Windows\Panther\unattend.xml";

/// The subcommand `rehearse`: prints what the installation would come to; ends with 1 and Setup's page on standard
/// error where it would stop, and with 2 where the rehearsal itself has what it needs not.
pub(crate) fn command(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let report = Request::parse(arguments).and_then(|request| rehearse(&request));
    // Where even telling fails, the exit status remains.
    match report {
        Ok(Ok(report)) => {
            let _ = writeln!(io::stdout(), "{report:#}");
            ExitCode::SUCCESS
        }
        Ok(Err(page)) => {
            let _ = writeln!(io::stderr(), "{page}");
            ExitCode::from(1)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "reference-guest: {error}");
            ExitCode::from(2)
        }
    }
}

/// What has been decided when the machine first restarts.
struct Installed {
    image: ImageDescription,
    disk: DiskPlan,
    /// The driver packages in it.
    drivers: Vec<PathBuf>,
    /// The answers of the later passes.
    later: Found,
}

fn rehearse(request: &Request) -> io::Result<Result<Value, Page>> {
    let wim = Wim::open(&request.medium.join("sources/install.wim"))
        .map_err(|error| io::Error::other(format!("sources/install.wim: {error}")))?;
    let keys = ProductKeys::parse(&fs::read_to_string(&request.product_keys)?);
    let system = Hive::open(&request.registry)?;
    Ok(install(request, &wim, &keys).and_then(|installed| first_start(&installed, &keys, system)))
}

/// The windowsPE pass.
fn install(request: &Request, wim: &Wim, keys: &ProductKeys) -> Result<Installed, Page> {
    let Found { file, windows_path } = match answer_search::search_cds(
        &[(ANSWERS, &request.answers), (MEDIUM, &request.medium)],
        &request.medium,
        Pass::WindowsPe,
    ) {
        Outcome::Found(found) => found,
        Outcome::Wrong(wrong) => return Err(parse_page(&wrong.windows_path, Pass::WindowsPe, &wrong.fault)),
        Outcome::Nothing { skipped } => return Err(windows_pe::not_found(&skipped)),
    };
    windows_pe::check(&file, &windows_path, &request.medium)?;
    let setup = file.component(Pass::WindowsPe, "Setup");
    let disk_bytes = request.disk_mib << 20;
    let drives = Drives(vec![(MEDIUM, request.medium.clone()), (ANSWERS, request.answers.clone())]);
    let mut preinstallation = Rehearsed::new(&request.medium, request.firmware, &[disk_bytes]);
    let (bypasses, copies) = run_commands(&setup, &drives, &mut preinstallation)?;
    if preinstallation.restarts {
        return applied(preinstallation, &copies);
    }
    let present = [PresentDisk { size_bytes: disk_bytes, blank: true }];
    let Decision { image, plan } = windows_pe::decide(&setup, &wim.images, keys, request.firmware, &present)?;
    let seen = Seen {
        tpm: request.tpm,
        secure_boot: request.secure_boot,
        memory_mib: request.memory_mib,
        disk_mib: request.disk_mib,
    };
    requirements::check(image, seen, &bypasses)?;
    let (image, target) = (image.clone(), plan.target_disk);
    let disk = plan.disks.into_iter().find(|disk| disk.disk_id == target);
    let disk = disk.ok_or_else(|| passes::unexpected("nothing is installed"))?;
    let later = Found { file, windows_path };
    check_offline(&later, &image)?;
    let packages = passes::drivers::packages(&later.file, |path| Some(drives.place(path)));
    for package in &packages {
        pnputil::check_package(package, false)
            .map_err(|code| passes::drivers::refused(&later.windows_path, package, code))?;
    }
    Ok(Installed { image, disk, drivers: packages, later })
}

fn check_offline(later: &Found, image: &ImageDescription) -> Result<(), Page> {
    let product = crate::answer_file::Product::of(&image.installation_type);
    later
        .file
        .check(Pass::OfflineServicing, product)
        .map_err(|fault| parse_page(&later.windows_path, Pass::OfflineServicing, &fault))
}

/// The bypasses that commands of the windowsPE pass set, and the files that they copy.
fn run_commands(
    setup: &Component<'_>,
    drives: &Drives,
    preinstallation: &mut Rehearsed,
) -> Result<(Vec<String>, Copies), Page> {
    let (mut bypasses, mut copies) = (Vec::new(), Copies::new());
    for command in setup.ordered("RunSynchronous/RunSynchronousCommand") {
        let line = command.text_at("Path").unwrap_or("");
        let failed = |problem: String| {
            let cause = format!("RunSynchronous command {}: {problem}", order(command));
            Page::new(
                "Windows Setup",
                "Windows could not parse or process the unattend answer file for pass [windowsPE].",
                cause,
            )
        };
        if let Some(bypass) = lab_config(line) {
            bypasses.push(bypass.to_owned());
        } else if let Some(file) = drives.called(line) {
            let file = file.map_err(failed)?;
            copies.extend(command_file::follow(&file, drives, preinstallation).map_err(failed)?);
        } else {
            return Err(failed(format!("the rehearsal does not know this command: {line}")));
        }
    }
    Ok((bypasses, copies))
}

/// The value that a command sets to 1 below `LabConfig`.
fn lab_config(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(r"reg.exe add HKLM\SYSTEM\Setup\LabConfig /v ")?;
    rest.strip_suffix(" /t REG_DWORD /d 1 /f")
}

/// What commands of Windows PE have installed instead of Setup.
fn applied(preinstallation: Rehearsed, copies: &Copies) -> Result<Installed, Page> {
    let nothing = |what: &str| passes::unexpected(format!("Windows PE restarts, but {what}"));
    if !preinstallation.starts {
        return Err(nothing("the firmware has nothing to start"));
    }
    let disk = preinstallation.divided().cloned().ok_or_else(|| nothing("no disk is divided"))?;
    let image = preinstallation.applied.ok_or_else(|| nothing("no image is applied"))?;
    let answers = copies.get(CACHED).ok_or_else(|| nothing("it has left no answers for the later passes"))?;
    let bytes = fs::read(answers).map_err(|error| passes::disk_trouble(&error))?;
    let windows_path = r"C:\Windows\Panther\unattend.xml".to_owned();
    let file =
        AnswerFile::parse(&bytes).map_err(|fault| parse_page(&windows_path, Pass::Specialize, &fault))?;
    if file.has_pass(Pass::OfflineServicing) && preinstallation.settings.is_none() {
        return Err(nothing("the pass offlineServicing is not applied"));
    }
    let drivers = preinstallation.drivers;
    Ok(Installed { image, disk, drivers, later: Found { file, windows_path } })
}

/// The passes specialize and oobeSystem.
fn first_start(installed: &Installed, keys: &ProductKeys, mut system: Hive) -> Result<Value, Page> {
    let Installed { image, disk, drivers, later } = installed;
    for (name, text) in [("EditionID", &image.edition), ("InstallationType", &image.installation_type)] {
        system.set(passes::CURRENT_VERSION, name, RegistryValue::Text(text));
    }
    let computer_name = specialize::decide(&later.file, &system, keys).map_err(|fault| {
        let page = parse_page(&later.windows_path, Pass::Specialize, &fault);
        passes::unexpected(format!("{}\n{}", page.message, page.cause))
    })?;
    let mut accounts = Accounts::built_in();
    let decided = oobe_system::decide(later, &computer_name, &system, &mut accounts)?;
    let partitions: Vec<Value> = disk
        .partitions
        .iter()
        .map(|one| {
            json!({
                "id": one.id,
                "kind": format!("{:?}", one.kind),
                "mib": one.sectors / SECTORS_PER_MIB,
                "format": one.format.map(|format| format!("{format:?}")),
                "active": one.active,
            })
        })
        .collect();
    let shell = later.file.component(Pass::OobeSystem, "Shell-Setup");
    Ok(json!({
        "image": {
            "index": image.index,
            "name": image.name,
            "edition": image.edition,
            "installationType": image.installation_type,
        },
        "disk": disk.disk_id,
        "partitions": partitions,
        "drivers": drivers.iter().filter_map(|package| package.file_name()?.to_str()).collect::<Vec<_>>(),
        "computerName": computer_name,
        "accounts": decided.profiles,
        "loggedOn": match decided.logon {
            Logon::Automatic(user) => json!(user),
            Logon::Screen(reason) => return Err(Page::new("Other user", "Windows waits for a user.", reason).from("LOGON")),
        },
        "specializeCommands": lines(&later.file.component(Pass::Specialize, "Deployment"), "RunSynchronous/RunSynchronousCommand", "Path"),
        "firstLogonCommands": lines(&shell, "FirstLogonCommands/SynchronousCommand", "CommandLine"),
    }))
}

fn lines(component: &Component<'_>, list: &str, line: &str) -> Vec<String> {
    component.ordered(list).iter().map(|item| item.text_at(line).unwrap_or("").to_owned()).collect()
}
