//! The files on the exchange drive that start a command in the guest: its variables, its script,
//! and the batch file that runs it and leaves its exit code.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use serde_json::{Value, json};

use super::{
    derivation::Derivation,
    paths::{self, Paths},
};
use crate::spec::{Command, Letters, OutputPlace, WindowsShell};

/// Where the command runs: short, since many programs take no path over 260 characters.
pub const BUILD_DIRECTORY: &str = r"C:\build";
/// The batch file that is called.
pub const RUN: &str = "run.cmd";
/// The file with nonce and exit code.
pub const EXIT: &str = "in-vm-exit";
/// The directory of outputs.
pub const OUT: &str = "out";
/// cmd.exe takes no longer line (Microsoft, "Command prompt line string limitation").
const LONGEST_LINE: usize = 8191;

/// Everything that the files say.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    /// What runs.
    pub command: &'a Command,
    /// The builder with its arguments, if it runs as it is.
    pub words: &'a [String],
    /// What Nix gave.
    pub derivation: &'a Derivation,
    /// The script's text, for a command that has one.
    pub script: Option<&'a str>,
    /// How store paths are told.
    pub paths: Option<&'a Paths>,
    /// Drives.
    pub letters: Letters,
    /// Where outputs go.
    pub place: OutputPlace,
    /// What an exit code of this run is known by.
    pub nonce: &'a str,
    /// The image, for `WFVM_IMAGE`.
    pub image: &'a Path,
}

/// A file of the exchange drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, with `/`.
    pub path: String,
    /// What is in it.
    pub contents: Vec<u8>,
}

/// Why the files cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// A word that no batch file can have.
    #[error("{what} has a line break, which no command line of Windows can have")]
    LineBreak {
        /// Which word.
        what: String,
    },
    /// A command line that is too long.
    #[error(
        "the builder with its arguments has {characters} characters, and cmd.exe takes {LONGEST_LINE}: put them into a file"
    )]
    TooLong {
        /// How many it has.
        characters: usize,
    },
}

/// The files, and the variables that cmd.exe cannot set, which are in `env.json` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// In any order.
    pub files: Vec<File>,
    /// By their names.
    pub not_set: Vec<String>,
}

impl Launch<'_> {
    /// The files.
    ///
    /// # Errors
    /// [`LaunchError`].
    pub fn files(&self) -> Result<Files, LaunchError> {
        let variables = self.variables();
        let (settings, not_set) = env_cmd(&variables);
        let object: serde_json::Map<String, Value> =
            variables.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let mut files = vec![
            File { path: "env.cmd".into(), contents: settings.into_bytes() },
            File { path: "env.json".into(), contents: Value::Object(object).to_string().into_bytes() },
            File { path: RUN.into(), contents: self.run()?.into_bytes() },
        ];
        files.extend(self.script());
        if let Some(structured) = &self.derivation.structured {
            let contents = self.translate_value(structured).to_string().into_bytes();
            files.push(File { path: ".attrs.json".into(), contents });
        }
        Ok(Files { files, not_set })
    }

    /// The guest's place of an output.
    #[must_use]
    pub fn output_place(&self, output: &str) -> String {
        output_place(self.place, self.letters, output)
    }

    fn exchange(&self, name: &str) -> String {
        format!(r"{}:\{name}", self.letters.exchange)
    }

    fn translate(&self, text: &str) -> String {
        self.paths.map_or_else(|| text.to_owned(), |paths| paths.translate(text))
    }

    fn translate_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.translate(text)),
            Value::Array(items) => items.iter().map(|item| self.translate_value(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.clone(), self.translate_value(value)));
                Value::Object(fields.collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// What the command finds in its environment.
    fn variables(&self) -> BTreeMap<String, String> {
        let derivation = self.derivation;
        let mut variables: BTreeMap<String, String> = derivation
            .variables
            .iter()
            // The script is a file of its own.
            .filter(|(name, _)| self.script.is_none() || *name != "buildCommand")
            .map(|(name, value)| (name.clone(), self.translate(value)))
            .collect();
        for name in derivation.files.keys() {
            variables.insert(format!("{name}Path"), self.exchange(&format!(r"attr\{name}")));
        }
        for (name, store_path) in &derivation.outputs {
            variables.insert(name.clone(), self.output_place(name));
            variables.insert(format!("{name}_store"), store_path.to_absolute_path());
        }
        let build = BUILD_DIRECTORY.to_owned();
        let own = [
            ("TEMP", build.clone()),
            ("TMP", build.clone()),
            ("NIX_BUILD_TOP", build.clone()),
            ("HOME", format!(r"{build}\home")),
            ("NIX_STORE", format!(r"{}:\", self.letters.store)),
            ("WFVM_IMAGE", paths::name_of(self.image)),
            ("WFVM_SYSTEM_OUT", format!(r"{build}\{OUT}")),
            ("WFVM_RUN_ID", self.nonce.to_owned()),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        if derivation.structured.is_some() {
            variables.insert("NIX_ATTRS_JSON_FILE".into(), self.exchange(".attrs.json"));
        }
        variables
    }

    fn script(&self) -> Option<File> {
        let text = self.script?;
        let file = |name: &str, contents: Vec<u8>| Some(File { path: name.into(), contents });
        match self.command {
            Command::Verbatim => None,
            Command::Script { shell: WindowsShell::Cmd } => {
                let text = format!("@echo off\n{}", self.translate(text));
                file("build.cmd", crlf(&text).into_bytes())
            }
            Command::Script { shell: shell @ (WindowsShell::Powershell | WindowsShell::Pwsh) } => {
                let text = Self::power_shell(&self.translate(text));
                // Windows PowerShell takes a file without this mark for one of the code page of the machine.
                let mark: &[u8] = if *shell == WindowsShell::Powershell { b"\xEF\xBB\xBF" } else { b"" };
                file("build.ps1", [mark, crlf(&text).as_bytes()].concat())
            }
            Command::Script { shell: WindowsShell::Bash } | Command::Phases { .. } => {
                file("build.sh", self.bash(text).into_bytes())
            }
        }
    }

    /// A script behind the mount of the store's drive at its own path, since Bash's scripts keep their paths, and
    /// behind the outputs' places with slashes, since a backslash is a mark of quotation there.
    fn bash(&self, text: &str) -> String {
        let outputs = self.derivation.outputs.keys().map(|name| {
            let place = output_place(self.place, self.letters, name).replace('\\', "/");
            format!("export {name}='{place}'\n")
        });
        format!("mount -f {}:/ /nix/store\n{}{text}", self.letters.store, outputs.collect::<String>())
    }

    /// A script between words that make errors end it, and its last program's exit code its own.
    fn power_shell(text: &str) -> String {
        format!(
            "$ErrorActionPreference = 'Stop'\n$ProgressPreference = 'SilentlyContinue'\n{text}\nexit $LASTEXITCODE\n"
        )
    }

    /// The batch file. A child runs the command, so that its `exit` ends nothing but itself.
    fn run(&self) -> Result<String, LaunchError> {
        let command = match self.command {
            Command::Verbatim => self.verbatim()?,
            Command::Script { shell: WindowsShell::Cmd } => {
                format!("cmd /d /c {}", self.exchange("build.cmd"))
            }
            Command::Script { shell: shell @ (WindowsShell::Powershell | WindowsShell::Pwsh) } => {
                let program = if *shell == WindowsShell::Pwsh { "pwsh" } else { "powershell" };
                format!(
                    "{program} -NoProfile -NonInteractive -ExecutionPolicy Bypass -File {}",
                    self.exchange("build.ps1")
                )
            }
            Command::Script { shell: WindowsShell::Bash } | Command::Phases { .. } => {
                format!(r"C:\msys64\usr\bin\bash.exe -e -o pipefail {}", self.exchange("build.sh"))
            }
        };
        let exit = self.exchange(EXIT);
        let mut text = String::from("@echo off\n");
        // UTF-8, before the first line that needs it.
        text.push_str("chcp 65001 >nul\n");
        // An image may have been made in this directory.
        let _ = writeln!(text, "if exist {BUILD_DIRECTORY} rmdir /s /q {BUILD_DIRECTORY}");
        let _ = writeln!(text, r"mkdir {BUILD_DIRECTORY}\home");
        // What is written here instead of the exchange drive comes as a tar stream.
        let _ = writeln!(text, r"mkdir {BUILD_DIRECTORY}\{OUT}");
        let _ = writeln!(text, "cd /d {BUILD_DIRECTORY}");
        let _ = writeln!(text, "call {}", self.exchange("env.cmd"));
        let _ = writeln!(text, "{command}");
        text.push_str("set WFVM_EXIT=%errorlevel%\n");
        // The redirection comes first: a digit before it would be a handle.
        let _ = writeln!(text, ">{exit} echo {} %WFVM_EXIT%", self.nonce);
        text.push_str("exit %WFVM_EXIT%\n");
        Ok(crlf(&text))
    }

    fn verbatim(&self) -> Result<String, LaunchError> {
        let own: Vec<String> = self.words.iter().map(|word| self.translate(word)).collect();
        let builder = own.first().map(|word| word.to_lowercase()).unwrap_or_default();
        let script = |end: &str| builder.ends_with(end);
        let first: &[&str] = if script(".cmd") || script(".bat") {
            &["cmd", "/d", "/c"]
        } else if script(".ps1") {
            &["powershell", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"]
        } else {
            &[]
        };
        let words = first.iter().copied().chain(own.iter().map(String::as_str));
        let words: Vec<String> = words.map(quoted).collect();
        let line = words.join(" ");
        if line.contains(['\n', '\r']) {
            return Err(LaunchError::LineBreak { what: "the builder or one of its arguments".into() });
        }
        let line = batch(&line);
        let characters = line.encode_utf16().count();
        if characters > LONGEST_LINE { Err(LaunchError::TooLong { characters }) } else { Ok(line) }
    }
}

/// The guest's place of an output.
#[must_use]
pub fn output_place(place: OutputPlace, letters: Letters, output: &str) -> String {
    match place {
        OutputPlace::Exchange => format!(r"{}:\{OUT}\{output}", letters.exchange),
        OutputPlace::System => format!(r"{BUILD_DIRECTORY}\{OUT}\{output}"),
    }
}

/// A word as programs of Windows split them (Microsoft, "Parsing C command-line arguments").
fn quoted(word: &str) -> String {
    if !word.is_empty() && !word.contains([' ', '\t', '"']) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    let mut backslashes = 0;
    for character in word.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                // Backslashes before a quotation mark count double.
                text.push_str(&"\\".repeat(backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        text.push(character);
    }
    text.push_str(&"\\".repeat(backslashes));
    text.push('"');
    text
}

/// A command line for a batch file: no character of it means anything to cmd.exe, not even a
/// quotation mark, so that nothing depends on which of them open and which close.
fn batch(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '%' => text.push('%'),
            '^' | '&' | '|' | '<' | '>' | '(' | ')' | '"' | '!' => text.push('^'),
            _ => {}
        }
        text.push(character);
    }
    text
}

/// A batch file that sets the variables, and the names of those that it cannot set.
fn env_cmd(variables: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let mut text = String::from("@echo off\r\n");
    let mut not_set = Vec::new();
    for (name, value) in variables {
        let line = set(name, value);
        let impossible =
            value.contains(['\n', '\r', '\0', '\x1a']) || name.contains(['=', '"', '%', '\n', '\r']);
        if impossible || line.encode_utf16().count() > LONGEST_LINE {
            not_set.push(name.clone());
        } else {
            text.push_str(&line);
            text.push_str("\r\n");
        }
    }
    (text, not_set)
}

/// `set "NAME=value"`. cmd.exe takes everything up to the last quotation mark; outside of a quotation
/// its operators are escaped.
fn set(name: &str, value: &str) -> String {
    let mut text = format!("set \"{name}=");
    let mut inside = true;
    for character in value.chars() {
        match character {
            '"' => inside = !inside,
            '%' => text.push('%'),
            '^' | '&' | '|' | '<' | '>' | '(' | ')' if !inside => text.push('^'),
            _ => {}
        }
        text.push(character);
    }
    text.push('"');
    text
}

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derivation(pairs: &[(&str, &str)]) -> Derivation {
        let given = [("outputs", "out"), ("out", "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello")];
        let all: Vec<_> = given
            .iter()
            .chain(pairs)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Derivation::from_environment(&all).unwrap()
    }

    fn launch(command: &Command, derivation: &Derivation, script: Option<&str>) -> BTreeMap<String, String> {
        launch_words(command, derivation, script, &[])
    }

    fn launch_words(
        command: &Command,
        derivation: &Derivation,
        script: Option<&str>,
        words: &[String],
    ) -> BTreeMap<String, String> {
        let paths = Paths::new('S', BTreeMap::new());
        let launch = Launch {
            command,
            words,
            derivation,
            script,
            paths: Some(&paths),
            letters: Letters::default(),
            place: OutputPlace::Exchange,
            nonce: "n1",
            image: Path::new("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-windows.img"),
        };
        let files = launch.files().unwrap().files;
        files.into_iter().map(|file| (file.path, String::from_utf8(file.contents).unwrap())).collect()
    }

    #[test]
    fn a_builder_is_called_as_it_is() {
        let words = ["cmd.exe", "/c", "echo hi > %out%", r#"a"b\"#, r"c d\", ""].map(str::to_owned).to_vec();
        let files = launch_words(&Command::Verbatim, &derivation(&[]), None, &words);
        let line = files[RUN].lines().find(|line| line.starts_with("cmd.exe")).unwrap();
        assert_eq!(line, r#"cmd.exe /c ^"echo hi ^> %%out%%^" ^"a\^"b\\^" ^"c d\\^" ^"^""#);
        assert!(files[RUN].contains(">X:\\in-vm-exit echo n1 %WFVM_EXIT%\r\nexit %WFVM_EXIT%\r\n"));
    }

    #[test]
    fn a_script_of_the_store_is_started_by_its_shell() {
        let store = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-x";
        let started = |end: &str| {
            let words = [format!("{store}/b{end}")];
            launch_words(&Command::Verbatim, &derivation(&[]), None, &words).remove(RUN).unwrap()
        };
        let there = r"S:\0123456789abcdfghijklmnpqrsvwxyz-x\b";
        assert!(started(".exe").contains(&format!("\n{there}.exe\r")));
        assert!(started(".BAT").contains(&format!("\ncmd /d /c {there}.BAT\r")));
        assert!(started(".ps1").contains(&format!(" -File {there}.ps1\r")));
    }

    #[test]
    fn scripts_have_the_line_ends_and_marks_of_their_shells() {
        let script = |shell| {
            let files =
                launch(&Command::Script { shell }, &derivation(&[("buildCommand", "x")]), Some("a\nb\r\n"));
            assert!(!files["env.json"].contains("buildCommand"), "the script is a file");
            files.into_iter().find(|(name, _)| name.starts_with("build.")).unwrap()
        };
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(script(WindowsShell::Cmd), file("build.cmd", "@echo off\r\na\r\nb\r\n"));
        let (name, text) = script(WindowsShell::Powershell);
        assert!(name == "build.ps1" && text.starts_with("\u{feff}$Error") && text.contains("\r\na\r\nb\r\n"));
        assert!(script(WindowsShell::Pwsh).1.starts_with("$Error"));
        let places = "mount -f S:/ /nix/store\nexport out='X:/out/out'\n";
        assert_eq!(script(WindowsShell::Bash), file("build.sh", &format!("{places}a\nb\r\n")));
    }

    #[test]
    fn variables_are_set_whatever_they_are_made_of() {
        let line = "first\nsecond";
        let given = [
            ("quotes", "a\"b&c\"d&%x%"),
            ("lines", line),
            ("tool", "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-t/b"),
        ];
        let files = launch(&Command::Script { shell: WindowsShell::Cmd }, &derivation(&given), Some(""));
        let settings = &files["env.cmd"];
        assert!(settings.contains("set \"quotes=a\"b^&c\"d&%%x%%\"\r\n"), "{settings}");
        assert!(
            settings.contains("set \"tool=S:\\0123456789abcdfghijklmnpqrsvwxyz-t\\b\"\r\n"),
            "{settings}"
        );
        assert!(settings.contains("set \"WFVM_IMAGE=windows.img\"\r\n"), "an output must not refer to it");
        assert!(settings.contains("set \"out=X:\\out\\out\"\r\n"));
        assert!(settings.contains("set \"out_store=/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello\"\r\n"));
        assert!(!settings.contains("lines"), "cmd.exe has no such value");
        let json: Value = serde_json::from_str(&files["env.json"]).unwrap();
        assert_eq!(json["lines"], line);
    }

    #[test]
    fn what_no_command_line_can_have_is_refused() {
        let (derivation, paths) = (derivation(&[]), Paths::new('S', BTreeMap::new()));
        let files = |word: &str| {
            let launch = Launch {
                command: &Command::Verbatim,
                words: &["x".to_owned(), word.to_owned()],
                derivation: &derivation,
                script: None,
                paths: Some(&paths),
                letters: Letters::default(),
                place: OutputPlace::Exchange,
                nonce: "n",
                image: Path::new("i"),
            };
            launch.files()
        };
        assert!(matches!(files("a\nb"), Err(LaunchError::LineBreak { .. })));
        assert!(matches!(files(&"a".repeat(9000)), Err(LaunchError::TooLong { .. })));
    }
}
