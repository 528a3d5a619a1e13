//! The page for people.

use std::fmt::Write as _;

use super::Inspection;
use crate::windows_iso::{Architecture, Compression, Image, Platform, WindowsIso};

pub(super) fn of(inspection: &Inspection) -> String {
    let medium = &inspection.medium;
    let mut page = format!("{}\n\n", inspection.file);
    let mut line = |name: &str, value: String| {
        // A String takes everything.
        let _ = writeln!(page, "{name:<10} {value}");
    };
    line("medium", format!("{}, {}", quoted(&medium.volume_label), size(medium.bytes)));
    line("release", release(inspection));
    line("Setup", setup(inspection));
    line(
        "channel",
        match &inspection.channel {
            Some(channel) => format!("{}, by {}", channel.name, channel.by),
            None => "not said".into(),
        },
    );
    line("starts", boots(medium));
    line("images", format!("{}, {}", medium.install_image, form(medium)));
    page.push('\n');
    page.push_str(&images(inspection));
    let _ = write!(page, "\nTo install it:\n\n{}\n", indented(&inspection.expression));
    if !inspection.findings.is_empty() {
        page.push('\n');
    }
    for finding in &inspection.findings {
        let _ = writeln!(page, "{}: {}", finding.severity.word(), finding.problem);
        if !finding.advice.is_empty() {
            let _ = writeln!(page, "    {}", finding.advice);
        }
    }
    page
}

fn release(inspection: &Inspection) -> String {
    let Some(image) = shown(inspection) else { return "unknown".into() };
    let version = match image.full_version() {
        version if version.is_empty() => "no version".into(),
        version => version,
    };
    let title = inspection.release.as_ref().map_or("unknown", |release| release.title.as_str());
    match &image.version.branch {
        Some(branch) => format!("{title}, {version} ({branch})"),
        None => format!("{title}, {version}"),
    }
}

/// The image that would be installed, or the first.
fn shown(inspection: &Inspection) -> Option<&Image> {
    let images = &inspection.medium.images;
    let chosen = inspection.chosen_image;
    images.iter().find(|image| Some(image.index) == chosen).or_else(|| images.first())
}

fn setup(inspection: &Inspection) -> String {
    let languages = match inspection.medium.languages.as_slice() {
        [] => "languages not listed".into(),
        several => format!("speaks {}", several.join(", ")),
    };
    let Some(setup) = &inspection.setup else { return format!("no sources/boot.wim; {languages}") };
    let generation = match setup.generation.as_deref() {
        Some("conX") => "the new one (ConX)",
        Some(_) => "the classic one",
        None => "of an unknown generation",
    };
    let build = setup.build.map_or("no build".into(), |build| format!("build {build}"));
    format!("{generation}, {build}, {}; {languages}", setup.architecture)
}

fn boots(medium: &WindowsIso) -> String {
    let mut ways = Vec::new();
    if medium.boots(Platform::Uefi) {
        ways.push(if medium.no_prompt.is_some() {
            "UEFI without a key press"
        } else {
            "UEFI, asking for a key press"
        });
    }
    if medium.boots(Platform::Bios) {
        ways.push("BIOS");
    }
    if ways.is_empty() { "not at all".into() } else { ways.join("; ") }
}

fn form(medium: &WindowsIso) -> String {
    let file = &medium.install_file;
    let compression = match file.compression {
        Compression::None => "not compressed",
        Compression::Xpress => "XPRESS",
        Compression::Lzx => "LZX",
        Compression::Lzms => "LZMS",
        Compression::Unknown => "compressed in an unknown way",
    };
    let solid = if file.solid { ", solid" } else { "" };
    let parts = if file.parts > 1 { format!(" in {} parts", file.parts) } else { String::new() };
    format!("{}{parts}, {compression}{solid}", size(file.bytes))
}

/// A table as wide as its contents; the arrow is at what is installed when nothing is named.
fn images(inspection: &Inspection) -> String {
    let head = ["", "no.", "edition", "name", "kind", "for", "languages", "content", "version", "made"];
    let mut rows = vec![head.map(String::from)];
    for image in &inspection.medium.images {
        let chosen = inspection.chosen_image == Some(image.index);
        let languages: Vec<String> = image
            .languages
            .iter()
            .map(|language| {
                let default = image.languages.len() > 1 && image.default_language.as_ref() == Some(language);
                if default { format!("{language}*") } else { language.clone() }
            })
            .collect();
        let architecture = match image.architecture {
            Architecture::Other(None) => String::new(),
            Architecture::Amd64 | Architecture::Arm64 | Architecture::X86 | Architecture::Other(Some(_)) => {
                image.architecture.to_string()
            }
        };
        rows.push([
            if chosen { "->".into() } else { String::new() },
            image.index.to_string(),
            image.edition_id.clone(),
            name(image),
            image.installation_type.clone(),
            architecture,
            languages.join(" "),
            size(image.content_bytes),
            image.full_version(),
            image.created_unix_seconds.map(date).unwrap_or_default(),
        ]);
    }
    let widths = rows.iter().fold([0; 10], |mut widths, row| {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
        widths
    });
    let mut table = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

/// The name, and what Setup shows if that is another one.
fn name(image: &Image) -> String {
    match image.display_name.as_str() {
        "" => image.name.clone(),
        shown if shown == image.name => image.name.clone(),
        shown => format!("{} ({shown})", image.name),
    }
}

fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..0x10_0000 => (10, "KiB"),
        0x10_0000..0x4000_0000 => (20, "MiB"),
        _ => (30, "GiB"),
    };
    let tenths = ((bytes >> (unit - 10)) * 10) >> 10;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// Such as `2024-09-06`, of a day since 1970 (the proleptic Gregorian calendar, whose 400 years
/// have 146097 days; years are counted from March on, so that the leap day comes last).
fn date(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "without a label".into() } else { format!("`{text}`") }
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (1_725_580_800, "2024-09-06"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn sizes_have_a_unit_that_fits() {
        assert_eq!(size(6144), "6.0 KiB");
        assert_eq!(size(3 << 20), "3.0 MiB");
        assert_eq!(size((6 << 30) + (1 << 29)), "6.5 GiB");
    }
}
