//! What the answer medium takes from virtio-win's: the drivers of what the machine has, for its release.

use std::path::{Path, PathBuf};

use crate::answer_file;
use crate::driver_medium::DriverMedium;
use crate::guest_os::GuestOs;
use crate::preflight::Finding;
use crate::spec::Install;
use crate::virtio_win::{self, Driver};

const FIELD: &str = "answerFile.settings.virtioWin";
const WANTED: &str = "give virtio-win's ISO, or a folder with what it holds";

/// Virtio-win's medium, as it comes or unpacked.
enum Medium {
    Folder(PathBuf),
    Iso(Box<DriverMedium<fs_err::File>>),
}

/// Names on the answer medium with their contents.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// What is missing, and what there is instead.
type Missing = (String, String);

/// The names in a folder: of its folders, of its files.
type Names = (Vec<String>, Vec<String>);

/// Names on the answer medium with their contents. Nothing, where no virtio-win is given.
///
/// # Errors
/// Everything that is missing.
pub(super) fn read(spec: &Install, os: &GuestOs) -> Result<Files, Vec<Finding>> {
    let Some(path) = &spec.answer_file.settings.virtio_win else { return Ok(Vec::new()) };
    let refuse = |problem: String, advice: &str| {
        Finding::refusal(FIELD, path.to_string_lossy(), problem, advice.to_owned())
    };
    let Some(release) = os.virtio_folder else {
        let problem = format!("virtio-win has no drivers for {}, which has its own", os.title);
        return Err(vec![refuse(problem, "leave it out")]);
    };
    let mut medium = Medium::open(path).map_err(|problem| vec![refuse(problem, WANTED)])?;
    let mut files = Vec::new();
    let mut missing = Vec::new();
    for driver in virtio_win::needed(&spec.machine) {
        match medium.driver(driver, release) {
            Ok(found) => files.extend(found),
            Err((problem, advice)) => missing.push(refuse(problem, &advice)),
        }
    }
    if missing.is_empty() { Ok(files) } else { Err(missing) }
}

impl Medium {
    fn open(path: &Path) -> Result<Self, String> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file = fs_err::File::open(path).map_err(|error| error.to_string())?;
        DriverMedium::open(file).map(|medium| Self::Iso(Box::new(medium))).map_err(|error| error.to_string())
    }

    /// The files of a driver, by their names on the answer medium; or what is wrong, and what there is instead.
    fn driver(&mut self, driver: Driver, release: &str) -> Result<Files, Missing> {
        let unreadable = |problem: String| (problem, WANTED.to_owned());
        let folder = driver.folder;
        let parts = [folder, release, virtio_win::ARCHITECTURE];
        let mut path = String::new();
        for part in parts {
            let (folders, _) = self.names(&path).map_err(unreadable)?;
            let Some(found) = folders.iter().find(|name| name.eq_ignore_ascii_case(part)) else {
                let wanted = parts.join("/");
                let place = if path.is_empty() {
                    "it".to_owned()
                } else {
                    format!("`{}`", path.trim_end_matches('/'))
                };
                return Err((
                    format!("the machine needs `{wanted}`, which is not there"),
                    format!("{place} has {}", listed(&folders)),
                ));
            };
            path = format!("{path}{found}/");
        }
        let (_, names) = self.names(&path).map_err(unreadable)?;
        let mut files = Vec::new();
        for name in names.iter().filter(|name| virtio_win::is_part(name)) {
            let contents = self.contents(&path, name).map_err(unreadable)?;
            files.push((format!("{}/virtio-win/{folder}/{name}", answer_file::DRIVERS_FOLDER), contents));
        }
        if files.iter().any(|(name, _)| name.to_ascii_lowercase().ends_with(".inf")) {
            return Ok(files);
        }
        Err((
            format!("`{}` has no .inf file", path.trim_end_matches('/')),
            format!("it has {}", listed(&names)),
        ))
    }

    fn names(&mut self, path: &str) -> Result<Names, String> {
        let mut entries: Vec<(String, bool)> = match self {
            Self::Folder(root) => {
                let entries =
                    fs_err::read_dir(root.join(path)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
                let entries = entries.map_err(|error| error.to_string())?;
                entries
                    .iter()
                    // A store path has links to others.
                    .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
                    .collect()
            }
            Self::Iso(medium) => {
                let entries = medium.folder(path).map_err(|error| error.to_string())?;
                entries.into_iter().flatten().map(|entry| (entry.name, entry.is_folder)).collect()
            }
        };
        entries.sort();
        let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, is_folder)| *is_folder);
        let names = |entries: Vec<(String, bool)>| entries.into_iter().map(|(name, _)| name).collect();
        Ok((names(folders), names(files)))
    }

    fn contents(&mut self, path: &str, name: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Folder(root) => fs_err::read(root.join(path).join(name)).map_err(|error| error.to_string()),
            Self::Iso(medium) => {
                let found = medium.folder(path).map_err(|error| error.to_string())?;
                let file = found.into_iter().flatten().find(|entry| !entry.is_folder && entry.name == name);
                let file = file.ok_or_else(|| format!("`{path}{name}` is not there any more"))?;
                medium.read(&file).map_err(|error| error.to_string())
            }
        }
    }
}

/// Names for a message; a folder of something else may have thousands.
fn listed(names: &[String]) -> String {
    const MANY: usize = 12;
    let mut shown: Vec<String> = names.iter().take(MANY).map(|name| format!("`{name}`")).collect();
    if names.len() > MANY {
        shown.push(format!("and {} more", names.len() - MANY));
    }
    if shown.is_empty() { "nothing".into() } else { shown.join(", ") }
}
