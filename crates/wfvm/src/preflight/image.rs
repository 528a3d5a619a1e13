//! Whether the selected image is what the spec takes it for: language, key, room, processor.

use super::{Finding, language, of_image, selected};
use crate::guest_os::GuestOs;
use crate::spec::Install;
use crate::windows_iso::{Image, WindowsIso};

/// Its value is told by no finding: it may come from a file, as a secret.
const KEY: &str = "answerFile.productKey";

pub(super) fn findings(spec: &Install, os: &GuestOs, iso: &WindowsIso, image: &Image) -> Vec<Finding> {
    let mut findings = of_image(image);
    findings.extend(os.edition(&image.edition_id).is_none().then(|| unlisted_edition(os, image)));
    findings.extend(language::findings(spec, iso, image));
    findings.extend(key(spec, os, iso, image));
    findings.extend(disk(spec, os, image));
    findings.extend(cpu_model(spec, os, image));
    findings
}

/// That an edition is in no table: Microsoft has some that few have seen.
#[must_use]
pub fn unlisted_edition(os: &GuestOs, image: &Image) -> Finding {
    Finding::note(
        "image",
        &image.name,
        format!(
            "`{}` is an edition of {} that there are no data for: `{}`",
            image.name, os.title, image.edition_id
        ),
        "without `answerFile.productKey` no key is given".into(),
    )
}

/// The key that the answer file gives: the spec's, or else a published one of the image's
/// edition, since without any Setup stops at the page that asks for it on most media.
#[must_use]
pub fn product_key<'k>(spec: &'k Install, os: &GuestOs, iso: &WindowsIso) -> Option<&'k str> {
    let given = spec.answer_file.product_key.as_deref();
    given.or_else(|| {
        let edition = &selected(spec, os, iso).ok()?.edition_id;
        if is_volume(iso) { os.volume_key(edition) } else { os.generic_key(edition) }
    })
}

/// Whether the medium is of the volume channel, whose images take other keys.
fn is_volume(iso: &WindowsIso) -> bool {
    channel(iso).is_some_and(|channel| channel.eq_ignore_ascii_case("Volume"))
}

fn channel(iso: &WindowsIso) -> Option<&str> {
    iso.ei_cfg.as_ref().and_then(|ei_cfg| ei_cfg.channel.as_deref())
}

fn key(spec: &Install, os: &GuestOs, iso: &WindowsIso, image: &Image) -> Option<Finding> {
    let key = spec.answer_file.product_key.as_ref()?;
    if image.is_evaluation() {
        return Some(Finding::refusal(
            KEY,
            "",
            format!("the image `{}` is an evaluation ({}), which takes no key", image.name, image.edition_id),
            "leave the key out".into(),
        ));
    }
    let Some(edition) = os.edition_of_key(key) else {
        return Some(unpublished(key));
    };
    if !edition.id.eq_ignore_ascii_case(&image.edition_id) {
        let advice = os.generic_key(&image.edition_id).map_or_else(
            || format!("take an image with edition {}", edition.id),
            |generic| format!("the generic key of {} is {generic}", image.edition_id),
        );
        let problem = format!(
            "it is a key of edition {}, and the image `{}` is {}",
            edition.id, image.name, image.edition_id
        );
        return Some(Finding::refusal(KEY, "", problem, advice));
    }
    of_another_channel(os, iso, image, key)
}

/// A key that is not published may be of any edition. What its characters can be is commonly
/// known and stands in no document.
fn unpublished(key: &str) -> Finding {
    const CHARACTERS: &str = "BCDFGHJKMNPQRTVWXY2346789";
    let stray = key.chars().find(|c| *c != '-' && !CHARACTERS.contains(c.to_ascii_uppercase()));
    match stray {
        Some(stray) => Finding::warning(
            KEY,
            "",
            format!("it holds `{stray}`, which keys since Windows 8 are said not to have"),
            "read it again: `8` is no `B`, and there is no `0`, `1`, `5`, `A`, `E`, `I`, `L`, `O`, `S`, `U` or `Z`"
                .into(),
        ),
        None => Finding::note(
            KEY,
            "",
            "it is no published key, so that its edition cannot be held against the image's".into(),
            String::new(),
        ),
    }
}

/// Media of one channel are said to refuse the keys of the other.
fn of_another_channel(os: &GuestOs, iso: &WindowsIso, image: &Image, key: &str) -> Option<Finding> {
    let channel = channel(iso)?;
    let (own, other) = if is_volume(iso) {
        (os.volume_key(&image.edition_id)?, os.generic_key(&image.edition_id)?)
    } else {
        (os.generic_key(&image.edition_id)?, os.volume_key(&image.edition_id)?)
    };
    (own != other && key.eq_ignore_ascii_case(other)).then(|| {
        Finding::warning(
            KEY,
            "",
            format!(
                "it is a key of another channel than the medium's, which is `{channel}` by `sources/ei.cfg`"
            ),
            format!("that of its channel is {own}"),
        )
    })
}

/// The content, a quarter more for the first boot's own files, and the page file.
fn disk(spec: &Install, os: &GuestOs, image: &Image) -> Option<Finding> {
    let content_mib = image.content_bytes.div_ceil(1 << 20);
    let needed = content_mib.saturating_add(content_mib / 4).saturating_add(spec.machine.memory_mib);
    let minimum = needed.max(os.minimal_disk_mib);
    (spec.disk_mib < minimum).then(|| {
        Finding::refusal(
            "diskMib",
            spec.disk_mib.to_string(),
            format!(
                "{} MiB are too few for the image `{}`, whose files have {content_mib} MiB",
                spec.disk_mib, image.name
            ),
            format!("give at least {minimum} MiB; what is not used takes no space"),
        )
    })
}

/// Whether flags of QEMU's, such as `+a,-b,c=on`, turn a feature on or off; the last one counts. A dot in its name
/// may be written as a hyphen or an underscore, too.
fn turned(flags: &str, feature: &str) -> Option<bool> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], ".");
    flags.split(',').rev().find_map(|flag| {
        let (name, on) = match (flag.strip_prefix('+'), flag.strip_prefix('-'), flag.split_once('=')) {
            (Some(name), ..) => (name, true),
            (_, Some(name), _) => (name, false),
            (.., Some((name, value))) => (name, ["on", "true", "yes"].contains(&value)),
            _ => (flag, true),
        };
        (plain(name) == plain(feature)).then_some(on)
    })
}

fn cpu_model(spec: &Install, os: &GuestOs, image: &Image) -> Option<Finding> {
    let model = spec.machine.cpu_model.as_ref()?;
    let build = image.build.filter(|build| *build >= os.old_cpu_models.from_build)?;
    // Flags follow a comma, a version a `-v`.
    let (name, flags) = model.split_once(',').unwrap_or((model, ""));
    let name = name.split_once("-v").map_or(name, |(name, _)| name);
    let old = os.old_cpu_models.models.contains(&name);
    let lacks = |feature: &&&str| !turned(flags, feature).unwrap_or(!old);
    let lacking: Vec<&str> = os.old_cpu_models.wanted.iter().filter(lacks).copied().collect();
    (!lacking.is_empty()).then(|| {
        Finding::refusal(
            "machine.cpuModel",
            model,
            format!("build {build} does not start on a `{model}`, which lacks {}", lacking.join(" and ")),
            "`Nehalem` is the oldest model that it starts on; `max` and `host` are the defaults".into(),
        )
    })
}
