//! What happens before a machine exists: the medium is read, the spec laid beside it,
//! and the few kilobytes are written that make an installation answer itself.

mod payload;
mod virtio;

use std::{
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use super::{InstallError, secrets};
use crate::{
    answer_file::{self, AnswerFileError},
    guest_os::GuestOs,
    machine::{InstallationMedium, system_disk_id},
    media::{self, Medium, MediumFile, PromptFree},
    preflight::{self, Finding, Verdict},
    spec::{Firmware, ImageSelection, Install, Strategy},
    windows_iso::WindowsIso,
};

/// A spec and a medium that fit together.
#[derive(Debug)]
pub(super) struct Preparation {
    /// The medium's absolute path, which an overlay refers to.
    medium: PathBuf,
    iso: WindowsIso,
    os: &'static GuestOs,
    /// What the answer medium has of virtio-win's.
    virtio: virtio::Files,
    /// What will be installed, and what is worth knowing of it.
    pub(super) verdict: Verdict,
}

/// The media of an installation, written.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) installation_medium: InstallationMedium,
    pub(super) answer_medium: PathBuf,
    pub(super) written_bytes: u64,
}

/// Reads the medium and finds everything that would stop Setup, besides what is known of the secrets.
pub(super) fn inspect(spec: &Install, unreadable: &[Finding]) -> Result<Preparation, InstallError> {
    let (medium, iso) = read(spec)?;
    let (os, _) = preflight::release(spec, &iso);
    let virtio = virtio::read(spec, os);
    let missing = virtio.as_ref().err().map_or(&[][..], Vec::as_slice);
    let verdict = verdict(spec, os, &iso, &[unreadable, missing]);
    match virtio {
        Ok(virtio) if !verdict.is_refused() => Ok(Preparation { medium, iso, os, virtio, verdict }),
        _ => Err(InstallError::Preflight(verdict)),
    }
}

/// What [`inspect`] finds, when nothing shall be installed.
pub(super) fn preflight(spec: &Install, unreadable: &[Finding]) -> Result<Verdict, InstallError> {
    let (_, iso) = read(spec)?;
    let (os, _) = preflight::release(spec, &iso);
    let missing = virtio::read(spec, os).err().unwrap_or_default();
    Ok(verdict(spec, os, &iso, &[unreadable, &missing]))
}

fn read(spec: &Install) -> Result<(PathBuf, WindowsIso), InstallError> {
    let path = spec.installation_medium.display().to_string();
    let medium = fs_err::canonicalize(&spec.installation_medium).map_err(unreadable("installationMedium"))?;
    let file = fs_err::File::open(&medium).map_err(unreadable("installationMedium"))?;
    let iso = WindowsIso::read(file).map_err(|source| InstallError::Medium { path, source })?;
    Ok((medium, iso))
}

fn verdict(
    spec: &Install,
    os: &GuestOs,
    iso: &WindowsIso,
    [unreadable, missing]: &[&[Finding]; 2],
) -> Verdict {
    let label = &iso.volume_label;
    let (summary, findings) = if spec.custom_answer_file.is_some() {
        let summary = format!("{}, with an answer file of its own, from `{label}`", os.title);
        (summary, preflight::findings_around(spec, os, iso))
    } else {
        let summary = match preflight::selected(spec, os, iso) {
            Ok(image) => format!("{}: image {} `{}` of `{label}`", os.title, image.index, image.name),
            Err(_) => format!("{}: no image of `{label}`", os.title),
        };
        (summary, preflight::findings(spec, os, iso))
    };
    let mut findings = secrets::beside(unreadable, findings);
    findings.extend_from_slice(unreadable);
    findings.extend(files(spec));
    findings.extend_from_slice(missing);
    findings.extend(linted(spec, os, iso, &findings));
    Verdict::new(summary, findings)
}

/// What is wrong in the answer file. One that cannot be had has been told of already.
fn linted(spec: &Install, os: &GuestOs, iso: &WindowsIso, before: &[Finding]) -> Vec<Finding> {
    let refused = before.iter().any(|finding| finding.severity == preflight::Severity::Refusal);
    let (field, files) = match &spec.custom_answer_file {
        Some(file) => {
            ("customAnswerFile", fs_err::read(file).map(|xml| vec![(answer_file::FILE_NAME, xml)]).ok())
        }
        None if refused => return Vec::new(),
        None => ("answerFile", own_answer_files(spec, os, iso).ok()),
    };
    files.map_or_else(Vec::new, |files| preflight::of_answer_files(field, &files, spec, iso))
}

/// Every answer file that the product writes, by the name under which Windows finds it.
fn own_answer_files(
    spec: &Install,
    os: &GuestOs,
    iso: &WindowsIso,
) -> Result<Vec<(&'static str, Vec<u8>)>, InstallError> {
    let first = own_answers(spec, os, iso)?.into_bytes();
    let files =
        answer_file::medium_files(&settled(spec, os, iso)?, os, disk_number(spec)).map_err(refused)?;
    let later = files.into_iter().find(|file| file.name == answer_file::LATER_FILE_NAME);
    let later = later.map(|file| (answer_file::PANTHER_FILE_NAME, file.contents));
    Ok([(answer_file::FILE_NAME, first)].into_iter().chain(later).collect())
}

/// The answer file that Setup reads first.
fn own_answers(spec: &Install, os: &GuestOs, iso: &WindowsIso) -> Result<String, InstallError> {
    answer_file::xml(&settled(spec, os, iso)?, os, disk_number(spec)).map_err(refused)
}

/// As Setup counts disks.
fn disk_number(spec: &Install) -> u32 {
    system_disk_id(spec.machine.disk_bus, spec.answer_medium)
}

fn refused(problem: AnswerFileError) -> InstallError {
    InstallError::AnswerFile(vec![problem])
}

/// The spec with what only the medium says.
fn settled(spec: &Install, os: &GuestOs, iso: &WindowsIso) -> Result<Install, InstallError> {
    let mut spec = spec.clone();
    // Names differ between languages and media; the number is this medium's.
    let image = preflight::selected(&spec, os, iso)
        .map_err(|finding| InstallError::Preflight(Verdict::new(String::new(), vec![finding])))?;
    spec.image = Some(ImageSelection::Index(image.index));
    // Without Setup nobody asks for a key, and one that does not activate helps nobody.
    if spec.strategy == Strategy::Setup {
        spec.answer_file.product_key = preflight::product_key(&spec, os, iso).map(str::to_owned);
    }
    Ok(spec)
}

/// The files that the spec names besides: whether they can be read, and have room.
fn files(spec: &Install) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut size =
        |field: String, file: &Path| match fs_err::File::open(file).and_then(|file| file.metadata()) {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(_) => {
                findings.push(Finding::refusal(
                    &field,
                    file.to_string_lossy(),
                    "is no file".into(),
                    String::new(),
                ));
                0
            }
            Err(error) => {
                let value = file.to_string_lossy();
                findings.push(Finding::refusal(&field, value, error.to_string(), String::new()));
                0
            }
        };
    if let Some(file) = &spec.custom_answer_file {
        size("customAnswerFile".into(), file);
    }
    let sources = spec.payload.iter().enumerate();
    let bytes: Vec<u64> =
        sources.map(|(at, file)| size(format!("payload[{at}].source"), &file.source)).collect();
    findings.extend(preflight::answer_medium(spec, &bytes));
    findings
}

impl Preparation {
    /// Writes the answer medium, and the overlay that keeps the medium from asking for a key.
    pub(super) fn write(&self, spec: &Install, scratch: &Path) -> Result<Media, InstallError> {
        let answer_medium = scratch.join("answer.img");
        let answer_bytes = self.write_answers(spec, &answer_medium)?;
        let (installation_medium, overlay_bytes) = self.installation_medium(spec, scratch)?;
        Ok(Media { installation_medium, answer_medium, written_bytes: answer_bytes + overlay_bytes })
    }

    /// Writes the answer medium; how many bytes it took.
    pub(super) fn write_answers(&self, spec: &Install, file: &Path) -> Result<u64, InstallError> {
        let answers = self.answers(spec)?;
        write_medium(&answers, file)?;
        Ok(answers.written_bytes())
    }

    fn answers(&self, spec: &Install) -> Result<Medium, InstallError> {
        let (xml, generated) = if let Some(file) = &spec.custom_answer_file {
            (fs_err::read(file).map_err(unreadable("customAnswerFile"))?, Vec::new())
        } else {
            let spec = settled(spec, self.os, &self.iso)?;
            let files = answer_file::medium_files(&spec, self.os, disk_number(&spec)).map_err(refused)?;
            (own_answers(&spec, self.os, &self.iso)?.into_bytes(), files)
        };
        let first_logon = answer_file::first_logon_cmd(spec, self.os);
        let payload = payload::read(spec)?;
        let mut files = vec![
            MediumFile { name: answer_file::FILE_NAME, contents: &xml },
            MediumFile { name: answer_file::TAG_FILE_NAME, contents: b"" },
            MediumFile { name: answer_file::FIRST_LOGON_FILE_NAME, contents: first_logon.as_bytes() },
        ];
        files.extend(generated.iter().map(|file| MediumFile { name: &file.name, contents: &file.contents }));
        files
            .extend(payload.iter().chain(&self.virtio).map(|(name, contents)| MediumFile { name, contents }));
        Ok(media::answer_medium(spec.answer_medium, &files)?)
    }

    /// The ISO as it is; under UEFI with the boot image that asks for no key, where it has one.
    fn installation_medium(
        &self,
        spec: &Install,
        scratch: &Path,
    ) -> Result<(InstallationMedium, u64), InstallError> {
        let raw = InstallationMedium { file: self.medium.clone(), format: "raw" };
        let Some(patch) = self.iso.no_prompt.filter(|_| spec.machine.firmware == Firmware::Uefi) else {
            return Ok((raw, 0));
        };
        let change = PromptFree::new(self.iso.bytes, &patch)?;
        let span = change.original();
        let mut original = Vec::new();
        let mut medium = fs_err::File::open(&self.medium)?;
        medium.seek(SeekFrom::Start(span.start))?;
        medium.take(span.end - span.start).read_to_end(&mut original)?;
        let overlay = change.overlay(&self.medium.to_string_lossy(), &original)?;
        let file = scratch.join("installation.qcow2");
        fs_err::write(&file, &overlay)?;
        Ok((InstallationMedium { file, format: "qcow2" }, overlay.len() as u64))
    }
}

/// A file of the spec's is the spec's fault, not the host's.
fn unreadable(field: &str) -> impl FnOnce(std::io::Error) -> InstallError {
    let field = field.to_owned();
    |source| InstallError::Unreadable { field, source }
}

/// Writes what a medium holds; the rest stays a hole.
fn write_medium(medium: &Medium, path: &Path) -> Result<(), std::io::Error> {
    use std::io::Write as _;
    let mut file = fs_err::File::create(path)?;
    file.set_len(medium.bytes)?;
    for segment in &medium.segments {
        file.seek(SeekFrom::Start(segment.offset))?;
        file.write_all(&segment.data)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{blame::Blame, spec};

    #[test]
    fn a_medium_that_is_not_there_is_the_specs_fault_and_names_field_and_file() {
        let mut json = spec::tests::good_install();
        json["installationMedium"] = "/there-is-no.iso".into();
        let error = inspect(&spec::parse(&json.to_string()).unwrap(), &[]).unwrap_err();
        assert_eq!(error.blame(), Blame::Input);
        let page = error.to_string();
        assert!(page.starts_with("installationMedium: ") && page.contains("/there-is-no.iso"), "{page}");
    }

    #[test]
    fn every_answer_file_that_is_written_is_judged_under_the_name_that_it_will_have() {
        let image = crate::windows_iso::Image { index: 1, ..Default::default() };
        let iso = WindowsIso { images: vec![image], ..WindowsIso::default() };
        let mut json = spec::tests::good_install();
        json["image"] = serde_json::json!({ "index": 1 });
        let names = |json: &serde_json::Value| -> Vec<&str> {
            let spec: Install = spec::parse(&json.to_string()).unwrap();
            let files = own_answer_files(&spec, &crate::guest_os::REFERENCE_GUEST, &iso).unwrap();
            assert!(files.iter().all(|(_, xml)| xml.starts_with(b"<?xml")));
            files.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&json), ["Autounattend.xml"]);
        json["strategy"] = "apply".into();
        assert_eq!(names(&json), ["Autounattend.xml", "unattend.xml"]);
    }
}
