//! The programs of Windows PE without their effects: what each would have done, or its words for why it would not.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{Divided, Preinstallation, bcdboot, diskpart, dism};
use crate::answer_file::{AnswerFile, Product};
use crate::block::{Bus, Disk, Kind};
use crate::disk_configuration::plan::{DiskPlan, Firmware};
use crate::image::wim::{ImageDescription, Wim};
use crate::stand_ins::{command_line, pnputil};

/// What the programs have come to so far.
pub(crate) struct Rehearsed {
    here: Preinstallation,
    disks: Vec<u64>,
    /// Driver packages that Windows PE was given.
    pub(crate) loaded: Vec<PathBuf>,
    /// The image that is on the disk.
    pub(crate) applied: Option<ImageDescription>,
    /// Driver packages in it.
    pub(crate) drivers: Vec<PathBuf>,
    /// The answer file whose offlineServicing pass it has.
    pub(crate) settings: Option<AnswerFile>,
    /// Whether the firmware would start it.
    pub(crate) starts: bool,
    /// Whether the machine was told to restart.
    pub(crate) restarts: bool,
}

impl Rehearsed {
    pub(crate) fn new(medium: &Path, firmware: Firmware, disks: &[u64]) -> Self {
        Self {
            here: Preinstallation { medium: medium.to_owned(), firmware, divided: None },
            disks: disks.to_owned(),
            loaded: Vec::new(),
            applied: None,
            drivers: Vec::new(),
            settings: None,
            starts: false,
            restarts: false,
        }
    }

    /// The disk with its new partitions.
    pub(crate) fn divided(&self) -> Option<&DiskPlan> {
        self.here.divided.as_ref().map(|divided| &divided.plan)
    }

    /// Runs a command line. `place` says where a file is that Windows knows by a path.
    pub(crate) fn run(&mut self, line: &str, place: &dyn Fn(&str) -> PathBuf) -> Result<(), String> {
        let words = command_line::words(line);
        let Some((program, words)) = words.split_first() else { return Ok(()) };
        let program = program.rsplit('\\').next().unwrap_or_default().to_ascii_lowercase();
        let refused = || Err(format!("the reference guest does not know this: {line}"));
        match program.trim_end_matches(".exe") {
            "diskpart" => match words {
                [option, file] if option.eq_ignore_ascii_case("/s") => self.divide(&place(file)),
                _ => refused(),
            },
            "dism" => match dism::parse(words) {
                Some(order) => self.dism(&order, place),
                None => refused(),
            },
            "bcdboot" => match bcdboot::parse(words) {
                Some((source, system, kinds)) => self.make_bootable(source, system, &kinds),
                None => refused(),
            },
            "wpeutil" => match words {
                [word] if word.eq_ignore_ascii_case("reboot") => {
                    self.restarts = true;
                    Ok(())
                }
                _ => refused(),
            },
            _ => refused(),
        }
    }

    fn divide(&mut self, script: &Path) -> Result<(), String> {
        let text = fs::read_to_string(script).map_err(|error| error.to_string())?;
        let (plan, letters) = diskpart::planned(&text, self.here.firmware, &self.disks)?;
        let disk = Disk {
            name: "disk".into(),
            kind: Kind::Fixed,
            bus: Bus::InBox,
            place: String::new(),
            size_bytes: self.disks.get(plan.disk_id).copied().unwrap_or_default(),
            partitions: Vec::new(),
        };
        let guids = vec![[0; 16]; plan.partitions.len() + 1];
        self.here.divided = Some(Divided { disk, plan, guids, letters });
        Ok(())
    }

    fn partition(&self, place: &str) -> Result<u32, String> {
        let divided = self.here.divided.as_ref().ok_or("no disk is divided")?;
        divided.partition(place).ok_or_else(|| format!("{place} is no partition"))
    }

    fn dism(&mut self, order: &dism::Order<'_>, place: &dyn Fn(&str) -> PathBuf) -> Result<(), String> {
        let holds = |image: &str| match &self.applied {
            Some(applied) => self.partition(image).map(|_| Product::of(&applied.installation_type)),
            None => Err(format!("{image} holds no image")),
        };
        match order {
            dism::Order::ApplyImage { file, index, directory } => {
                self.partition(directory)?;
                let wim = Wim::open(&place(file)).map_err(|error| error.to_string())?;
                let chosen = wim.images.iter().find(|image| image.index.to_string() == *index);
                let chosen = chosen.ok_or_else(|| format!("{file} has no image {index}"))?;
                self.applied = Some(chosen.clone());
            }
            dism::Order::ApplyUnattend { image, file } => {
                let product = holds(image)?;
                let bytes = fs::read(place(file)).map_err(|error| error.to_string())?;
                self.settings = Some(dism::settings(&bytes, product).map_err(|fault| fault.to_string())?);
            }
            dism::Order::AddDriver { image, driver, recurse, unsigned_allowed } => {
                holds(image)?;
                let packages = dism::packages(&place(driver), *recurse);
                if packages.is_empty() {
                    return Err(format!("{driver} has no driver package"));
                }
                for package in packages {
                    pnputil::check_package(&package, *unsigned_allowed)
                        .map_err(|code| format!("{}: {code:#x}", package.display()))?;
                    self.drivers.push(package);
                }
            }
        }
        Ok(())
    }

    fn make_bootable(&mut self, source: &str, system: &str, kinds: &[Firmware]) -> Result<(), String> {
        let told = |error: io::Error| error.to_string();
        bcdboot::target(&self.here, (source, system, kinds), self.applied.is_some()).map_err(told)??;
        self.starts = true;
        Ok(())
    }
}
