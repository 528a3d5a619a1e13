//! How far the installation is: `Windows\Setup\State\State.ini`, as Windows keeps it, with a section of our own for what Windows keeps elsewhere.

use std::io;
use std::path::Path;

use fs_err as fs;

const FILE: &str = "/c/Windows/Setup/State/State.ini";

/// Windows' own words for the state of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageState {
    Undeployable,
    SpecializeResealToOobe,
    Complete,
}

impl ImageState {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Undeployable, "IMAGE_STATE_UNDEPLOYABLE"),
        (Self::SpecializeResealToOobe, "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE"),
        (Self::Complete, "IMAGE_STATE_COMPLETE"),
    ];
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) image: ImageState,
    /// A pass that has begun and not ended. A start that finds it was not expected.
    pub(crate) running: Option<String>,
    /// How many of the specialize pass's commands are done, across the restarts that they ask for.
    pub(crate) commands_done: usize,
    pub(crate) first_logon_done: bool,
    /// Whether the offlineServicing pass is over before the first start.
    pub(crate) offline_done: bool,
    /// Who is logged on without being asked.
    pub(crate) auto_logon: Option<String>,
}

impl State {
    pub(crate) fn fresh() -> Self {
        Self {
            image: ImageState::Undeployable,
            running: None,
            commands_done: 0,
            first_logon_done: false,
            offline_done: false,
            auto_logon: None,
        }
    }

    pub(crate) fn load() -> Self {
        fs::read_to_string(FILE).map_or_else(|_| Self::fresh(), |text| Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let found = text.lines().filter_map(|line| line.split_once('=')).find(|(key, _)| *key == name);
            found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
        };
        let image =
            value("ImageState").and_then(|word| ImageState::ALL.iter().find(|(_, name)| *name == word));
        Self {
            image: image.map_or(ImageState::Undeployable, |(state, _)| *state),
            running: value("Running").map(str::to_owned),
            commands_done: value("CommandsDone").and_then(|number| number.parse().ok()).unwrap_or(0),
            first_logon_done: value("FirstLogonDone") == Some("1"),
            offline_done: value("OfflineDone") == Some("1"),
            auto_logon: value("AutoLogon").map(str::to_owned),
        }
    }

    fn text(&self) -> String {
        let image =
            ImageState::ALL.iter().find(|(state, _)| *state == self.image).map_or("", |(_, word)| *word);
        format!(
            "[State]\r\nImageState={image}\r\n\r\n[ReferenceGuest]\r\nRunning={}\r\nCommandsDone={}\r\nFirstLogonDone={}\r\nOfflineDone={}\r\nAutoLogon={}\r\n",
            self.running.as_deref().unwrap_or(""),
            self.commands_done,
            u8::from(self.first_logon_done),
            u8::from(self.offline_done),
            self.auto_logon.as_deref().unwrap_or("")
        )
    }

    /// Writes the state so that a crash leaves the old one or the new one.
    pub(crate) fn save(&self) -> io::Result<()> {
        let file = Path::new(FILE);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        let new = file.with_extension("new");
        fs::write(&new, self.text())?;
        fs::rename(&new, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_survives_a_restart() {
        let state = State {
            image: ImageState::SpecializeResealToOobe,
            running: Some("specialize".to_owned()),
            commands_done: 2,
            first_logon_done: false,
            offline_done: true,
            auto_logon: Some("wfvm".to_owned()),
        };
        assert_eq!(State::parse(&state.text()), state);
        assert_eq!(State::parse(&State::fresh().text()), State::fresh());
    }
}
