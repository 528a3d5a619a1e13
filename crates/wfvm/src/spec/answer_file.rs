use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Settings, SpecError};

/// What the answer file says to Windows Setup, apart from disk, image and media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerFile {
    /// `UserData/FullName`, up to 63 characters.
    pub full_name: String,
    /// `UserData/Organization`, up to 63 characters.
    pub organization: String,
    /// A key of the image's edition, 5×5 characters; absent: the published one, where there is one.
    #[serde(default)]
    pub product_key: Option<String>,
    /// A file outside of the store that has the key instead, read at the installation.
    #[serde(default)]
    pub product_key_file: Option<PathBuf>,
    /// Language of Setup and of the system, such as `en-US`; must be on the medium.
    pub ui_language: String,
    /// Keyboard, as a language tag or `0409:00000409`.
    pub input_locale: String,
    /// Formats of dates and numbers.
    pub user_locale: String,
    /// Language of programs without Unicode.
    pub system_locale: String,
    /// A Windows time zone such as `UTC` or `W. Europe Standard Time`.
    pub time_zone: String,
    /// Up to 15 bytes; absent: Windows chooses.
    #[serde(default)]
    pub computer_name: Option<String>,
    /// Local accounts.
    pub accounts: Vec<Account>,
    /// Password of the built-in Administrator; absent: the account stays as Setup leaves it.
    #[serde(default)]
    pub administrator_password: Option<String>,
    /// A file outside of the store that has it instead, read at the installation.
    #[serde(default)]
    pub administrator_password_file: Option<PathBuf>,
    /// The account that is logged on by itself; needed, since the last step runs at its first logon.
    pub auto_logon: String,
    /// Commands of the specialize pass, run as SYSTEM in this order.
    #[serde(default)]
    pub specialize_commands: Vec<RunCommand>,
    /// Folders whose drivers Setup loads in Windows PE.
    #[serde(default)]
    pub driver_paths: Vec<String>,
    /// What is set on the installed Windows.
    #[serde(default)]
    pub settings: Settings,
}

impl AnswerFile {
    /// A secret stands in the spec or in a file, not in both.
    pub(super) fn check_secrets(&self) -> Result<(), SpecError> {
        let twice = |path: &'static str, stands: bool, file: bool| {
            let problem = "stands in the spec, and a file is named for it as well".into();
            if stands && file { Err(SpecError::Value { path, problem }) } else { Ok(()) }
        };
        for account in &self.accounts {
            let stands = !account.password.is_empty();
            twice("answerFile.accounts.password", stands, account.password_file.is_some())?;
        }
        let administrator = self.administrator_password.is_some();
        twice("answerFile.administratorPassword", administrator, self.administrator_password_file.is_some())?;
        twice("answerFile.productKey", self.product_key.is_some(), self.product_key_file.is_some())
    }
}

/// A local account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Up to 20 characters.
    pub name: String,
    /// Stands in the answer file hidden, not encrypted.
    #[serde(default)]
    pub password: String,
    /// A file outside of the store that has the password instead, read at the installation.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Shown in Computer Management.
    #[serde(default)]
    pub description: String,
    /// Shown at logon.
    #[serde(default)]
    pub display_name: String,
    /// Local groups, by their English names.
    pub groups: Vec<String>,
}

/// One command of a `RunSynchronous` list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunCommand {
    /// The command line, up to 259 characters.
    pub path: String,
    /// Shown while it runs; absent: the command line.
    #[serde(default)]
    pub description: Option<String>,
    /// What its exit code means; absent: Windows' default, `Never`.
    #[serde(default)]
    pub will_reboot: Option<WillReboot>,
}

/// `WillReboot` of a command: whether Windows restarts after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WillReboot {
    /// After the command, always.
    Always,
    /// If it ends with 1 (then the next command) or 2 (then the same command again).
    OnRequest,
    /// Never.
    Never,
}
