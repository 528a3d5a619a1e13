//! The text files of the folder `sources` that say what a medium is: sections with lines.

use schemars::JsonSchema;
use serde::Serialize;

/// What `sources/ei.cfg` says of the medium ("Windows Setup Edition Configuration and Product ID Files").
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EiCfg {
    /// The edition that Setup would install without being asked.
    pub edition_id: Option<String>,
    /// `Retail`, `OEM`, `Volume`, `Eval`.
    pub channel: Option<String>,
    /// Whether it is a volume licence medium.
    pub volume_licence: Option<bool>,
}

/// What `sources/idwbinfo.txt` says of the build. No document describes the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildInfo {
    /// `BuildArch`, such as `amd64`.
    pub architecture: Option<String>,
    /// `BuildType`, such as `fre`.
    pub kind: Option<String>,
    /// `BuildBranch`, such as `ge_release`.
    pub branch: Option<String>,
}

/// What `sources/lang.ini` says ("Lang.ini" in the manufacturing documents).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Languages {
    /// Each that Setup speaks, whatever its number.
    pub(super) available: Vec<String>,
    /// The one with the number 3.
    pub(super) default: Option<String>,
}

/// Languages of a medium; Windows has some forty.
const LANGUAGES: usize = 256;

pub(super) fn languages(text: &str) -> Languages {
    let lines: Vec<(&str, &str)> = section(text, "Available UI Languages")
        .filter_map(|line| line.split_once('='))
        .map(|(language, number)| (language.trim(), number.trim()))
        .filter(|(language, _)| !language.is_empty())
        .take(LANGUAGES)
        .collect();
    Languages {
        default: lines.iter().find(|(_, number)| *number == "3").map(|(language, _)| (*language).into()),
        available: lines.into_iter().map(|(language, _)| language.into()).collect(),
    }
}

pub(super) fn ei_cfg(text: &str) -> EiCfg {
    let first = |name| section(text, name).next().map(String::from);
    EiCfg {
        edition_id: first("EditionID"),
        channel: first("Channel"),
        volume_licence: first("VL").map(|value| value == "1"),
    }
}

/// The key of `sources/pid.txt`.
pub(super) fn product_key(text: &str) -> Option<String> {
    value(text, "PID", "Value")
}

pub(super) fn build_info(text: &str) -> BuildInfo {
    let of = |name| value(text, "BUILDINFO", name);
    BuildInfo { architecture: of("BuildArch"), kind: of("BuildType"), branch: of("BuildBranch") }
}

fn value(text: &str, name: &str, key: &str) -> Option<String> {
    section(text, name)
        .filter_map(|line| line.split_once('='))
        .find(|(found, _)| found.trim().eq_ignore_ascii_case(key))
        .map(|(_, value)| value.trim().to_owned())
        .filter(|value| !value.is_empty())
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
