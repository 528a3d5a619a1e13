//! `sources/lang.ini` and `sources/ei.cfg`: sections with lines.

/// What `sources/ei.cfg` says of the medium ("Windows Setup Edition Configuration and Product ID Files").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EiCfg {
    /// The edition that Setup would install without being asked.
    pub edition_id: Option<String>,
    /// `Retail`, `OEM`, `Volume`, `Eval`.
    pub channel: Option<String>,
    /// Whether it is a volume licence medium.
    pub volume_licence: Option<bool>,
}

/// The languages that Setup can speak: every line of the section, whatever its number.
pub(super) fn languages(text: &str) -> Vec<String> {
    section(text, "Available UI Languages")
        .filter_map(|line| line.split_once('='))
        .map(|(language, _)| language.trim().into())
        .collect()
}

pub(super) fn ei_cfg(text: &str) -> EiCfg {
    let first = |name| section(text, name).next().map(String::from);
    EiCfg {
        edition_id: first("EditionID"),
        channel: first("Channel"),
        volume_licence: first("VL").map(|value| value == "1"),
    }
}

/// The lines of a section that say something.
fn section<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    let header = |line: &'t str| line.strip_prefix('[')?.strip_suffix(']');
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(';'))
        .skip_while(move |line| !header(line).is_some_and(|found| found.eq_ignore_ascii_case(name)))
        .skip(1)
        .take_while(move |line| header(line).is_none())
}
