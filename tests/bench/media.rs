//! What it takes until a machine can start to install: our media beside the medium repacked.

use std::{
    collections::BTreeMap,
    hint::black_box,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    time::Instant,
};

use wfvm::{
    answer_file,
    guest_os::{self, GuestOs},
    machine::system_disk_id,
    media::{self, MediumFile, PromptFree},
    preflight,
    spec::{self, Install},
    windows_iso::WindowsIso,
};

use crate::{Problem, Wanted, figure::Figure, repacking::ANCHORS, workshop};

const ROUNDS: usize = 5;

pub(crate) fn measure(wanted: &Wanted) -> Result<Vec<Figure>, Problem> {
    let place = tempfile::tempdir()?;
    let iso = match &wanted.iso {
        Some(iso) => fs_err::canonicalize(iso)?,
        None => workshop::medium(place.path())?,
    };
    let (spec, os) = spec_for(&iso)?;
    println!(
        "media: {} of {} MiB, installed by UEFI, the answer file on a CD",
        if wanted.iso.is_some() { iso.display().to_string() } else { "a medium made for this".into() },
        workshop::size_of(&iso)? >> 20
    );
    let answers = answer_file::xml(&spec, os, 0)?.into_bytes();
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    let (mut other_times, mut other_bytes) = (BTreeMap::new(), BTreeMap::new());
    for _ in 0..ROUNDS {
        let (time, written) = timed(place.path(), |directory| ours(&spec, os, &iso, directory))?;
        times.push(time);
        bytes.push(written);
        for (name, anchor) in ANCHORS {
            let (time, written) = timed(place.path(), |directory| anchor(directory, &iso, &answers))?;
            other_times.entry(name).or_insert_with(Vec::new).push(time);
            other_bytes.entry(name).or_insert_with(Vec::new).push(written);
        }
    }
    Ok(vec![
        Figure::new("media", "ms", &times, &other_times),
        Figure::new("media-bytes", "KiB", &bytes, &other_bytes),
    ])
}

/// Milliseconds and written KiB of a way, in an empty directory that goes away afterwards.
fn timed(place: &Path, way: impl FnOnce(&Path) -> Result<u64, Problem>) -> Result<(f64, f64), Problem> {
    let directory = tempfile::tempdir_in(place)?;
    let start = Instant::now();
    let written = way(directory.path())?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "sizes of media are far below 2^52")]
    Ok((time, written as f64 / 1024.0))
}

/// What an installation does before its machine starts: read the medium, lay the spec beside it,
/// write the answer medium and the overlay.
fn ours(spec: &Install, os: &GuestOs, iso: &Path, directory: &Path) -> Result<u64, Problem> {
    let read = WindowsIso::read(fs_err::File::open(iso)?)?;
    black_box(preflight::findings(spec, os, &read));
    let disk = system_disk_id(spec.machine.disk_bus, spec.answer_medium);
    let xml = answer_file::xml(spec, os, disk)?;
    let first_logon = answer_file::first_logon_cmd(spec, os);
    let files = [
        MediumFile { name: answer_file::FILE_NAME, contents: xml.as_bytes() },
        MediumFile { name: answer_file::TAG_FILE_NAME, contents: b"" },
        MediumFile { name: answer_file::FIRST_LOGON_FILE_NAME, contents: first_logon.as_bytes() },
    ];
    let medium = media::answer_medium(spec.answer_medium, &files)?;
    let mut file = fs_err::File::create(directory.join("answer.img"))?;
    file.set_len(medium.bytes)?;
    for segment in &medium.segments {
        file.seek(SeekFrom::Start(segment.offset))?;
        file.write_all(&segment.data)?;
    }
    let patch = read.no_prompt.ok_or("the medium has no boot image without a prompt")?;
    let change = PromptFree::new(read.bytes, &patch)?;
    let span = change.original();
    let mut original = Vec::new();
    let mut source = fs_err::File::open(iso)?;
    source.seek(SeekFrom::Start(span.start))?;
    source.take(span.end - span.start).read_to_end(&mut original)?;
    let overlay = change.overlay(&iso.to_string_lossy(), &original)?;
    fs_err::write(directory.join("installation.qcow2"), &overlay)?;
    Ok(medium.written_bytes() + overlay.len() as u64)
}

/// A spec for the first image of a medium.
fn spec_for(iso: &Path) -> Result<(Install, &'static GuestOs), Problem> {
    let read = WindowsIso::read(fs_err::File::open(iso)?)?;
    let image = read.images.first().ok_or("the medium has no image")?;
    let build = image.build.unwrap_or_default();
    let os = guest_os::of_image(build, &image.installation_type, &image.edition_id)
        .ok_or_else(|| format!("there are no data for build {build} ({})", image.installation_type))?;
    let json = serde_json::json!({
        "wfvmSpec": spec::VERSION,
        "installationMedium": iso,
        "image": { "index": image.index },
        "machine": { "firmware": "uefi", "accelerator": "tcg", "cores": 4, "memoryMib": 4096 },
        "diskMib": 70 << 10,
        "answerFile": {
            "fullName": "John Doe", "organization": "KVM Authority", "uiLanguage": "en-US",
            "inputLocale": "en-US", "userLocale": "en-US", "systemLocale": "en-US", "timeZone": "UTC",
            "accounts": [{ "name": "wfvm", "password": "1234", "groups": ["Administrators"] }],
            "autoLogon": "wfvm",
        },
        "login": { "user": "wfvm", "password": "1234" },
        // Files that a guest needs besides are left out on both sides, so only its name matters.
        "payload": os.sshd.payload.map(|name| serde_json::json!({ "name": name, "source": "" })).as_slice(),
        // Nothing is started here.
        "tools": { "qemu": "", "qemuImg": "", "ovmfCode": "", "ovmfVars": "" },
    });
    Ok((spec::parse(&json.to_string())?, os))
}
