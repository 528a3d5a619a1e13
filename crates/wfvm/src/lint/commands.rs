//! Commands: what they are run by, and when.

use super::{
    Findings,
    installation::{Installation, SHELL},
    rule::rules,
    tree::{all, at, text},
};
use crate::answer_schema::Pass;

rules! {
    NEEDS_SHELL = Warning "command-needs-shell" {
        says: "A command uses what only a command interpreter has, and starts none.",
        consequence: "Windows starts the first word as a program: `echo` is none, and `>` or `&&` are words for it.",
        advice: "Put `cmd.exe /c` in front.",
        source: "unattend reference, Path: path and name of a program with its arguments",
        basis: Inferred, needs: File,
    }
    FIXED_LETTER = Warning "fixed-drive-letter" "L76" {
        says: "A command names a medium by a fixed letter.",
        consequence: "Letters depend on the machine's drives: with one more or one less the file is not found.",
        advice: "Look for the drive: `cmd.exe /c for %d in (C D E F G H I J) do if exist %d:\\tag.txt call %d:\\script.cmd`.",
        source: "how Windows gives letters",
        basis: Inferred, needs: File,
    }
    RESTART_IN_SPECIALIZE = Warning "restart-in-command" "L77" {
        says: "A command of specialize restarts the machine or switches it off by itself.",
        consequence: "Setup is interrupted in its pass and says at the next start that the computer restarted unexpectedly.",
        advice: "Use `WillReboot`: `Always`, or `OnRequest` with exit code 1 or 2.",
        source: "unattend reference, RunSynchronousCommand/WillReboot",
        basis: Documented, needs: File,
    }
    CONCURRENT_FIRST_LOGON = Warning "concurrent-commands" "L75" {
        says: "There are several commands for the first logon.",
        consequence: "Since Windows 10 they are started together, so that none can rely on one before it.",
        advice: "Write one command that calls a script.",
        source: "unattend reference, FirstLogonCommands; many published files rely on the order nevertheless",
        basis: Documented, needs: File,
    }
}

pub(super) fn check(installation: &Installation, findings: &mut Findings) {
    let commands = installation.commands();
    let own_letters = commands.iter().any(|(_, node)| {
        let command = text(*node).to_ascii_lowercase();
        command.contains("diskpart") || command.contains("assign letter")
    });
    for (pass, node) in commands {
        let command = text(node);
        if let Some(reason) = shell_feature(&command) {
            findings.add(&NEEDS_SHELL, node, format!("{reason}, and no `cmd.exe /c` stands in front"));
        }
        // Where a script makes its own volumes, their letters are its own.
        if let Some(letter) = fixed_letter(&command).filter(|_| !(pass == Pass::WindowsPe && own_letters)) {
            findings.add(&FIXED_LETTER, node, format!("`{letter}:\\` stands in the command"));
        }
        if pass == Pass::Specialize && restarts(&command) {
            findings.add(&RESTART_IN_SPECIALIZE, node, "the command restarts the machine");
        }
    }
    let shell = installation.component(Pass::OobeSystem, SHELL);
    if let Some(list) = shell.and_then(|shell| at(shell, "FirstLogonCommands")) {
        let count = all(list, "SynchronousCommand").len();
        if count > 1 {
            findings.add(&CONCURRENT_FIRST_LOGON, list, format!("{count} commands are started together"));
        }
    }
}

/// What of the command only an interpreter understands.
fn shell_feature(command: &str) -> Option<String> {
    const INTERPRETERS: [&str; 8] =
        ["cmd", "powershell", "pwsh", "bash", "wscript", "cscript", "mshta", "conhost"];
    const BUILT_IN: [&str; 17] = [
        "call", "copy", "cd", "del", "dir", "echo", "erase", "for", "if", "md", "mkdir", "move", "rd",
        "rmdir", "ren", "set", "type",
    ];
    let first = first_word(command);
    if INTERPRETERS.contains(&first.as_str()) {
        return None;
    }
    if BUILT_IN.contains(&first.as_str()) {
        return Some(format!("`{first}` is a word of cmd.exe"));
    }
    let mut quoted = false;
    let outside: String = command
        .chars()
        .filter(|character| {
            quoted ^= *character == '"';
            !quoted
        })
        .collect();
    let mark = ["&&", "||", ">", "|", " & "].into_iter().find(|mark| outside.contains(mark))?;
    Some(format!("`{}` is read by cmd.exe alone", mark.trim()))
}

/// The program's name without directory, quotes and extension, in small letters.
fn first_word(command: &str) -> String {
    let command = command.trim_start();
    let word = match command.strip_prefix('"') {
        Some(rest) => rest.split('"').next(),
        None => command.split_whitespace().next(),
    };
    let name = word.unwrap_or_default().rsplit(['\\', '/']).next().unwrap_or_default().to_ascii_lowercase();
    name.strip_suffix(".exe").unwrap_or(&name).to_owned()
}

/// A letter of a medium in front of `:\`. C: is the system, A: the floppy, X: Windows PE.
fn fixed_letter(command: &str) -> Option<char> {
    // A search over letters is what is advised.
    if command.contains(" in (") || command.to_ascii_lowercase().contains("-psprovider") {
        return None;
    }
    let characters: Vec<char> = command.chars().collect();
    characters.windows(4).zip(0..).find_map(|(four, at)| {
        let [before, letter, ':', '\\'] = four else { return first_letter(four, at) };
        (is_of_media(*letter) && !before.is_alphanumeric() && *before != '%').then_some(*letter)
    })
}

/// As above, at the beginning of the command.
fn first_letter(four: &[char], at: usize) -> Option<char> {
    let [letter, ':', '\\', _] = four else { return None };
    (at == 0 && is_of_media(*letter)).then_some(*letter)
}

fn is_of_media(letter: char) -> bool {
    ('D'..='L').contains(&letter.to_ascii_uppercase())
}

fn restarts(command: &str) -> bool {
    let command = command.to_ascii_lowercase();
    let by_shutdown = command.contains("shutdown")
        && ["/r", "-r", "/s", "-s", "/p", "-p"]
            .iter()
            .any(|option| command.split_whitespace().any(|word| word == *option));
    by_shutdown
        || ["restart-computer", "stop-computer", "wpeutil reboot"].iter().any(|word| command.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{fixed_letter, restarts, shell_feature};

    #[test]
    fn what_only_an_interpreter_reads_is_told_from_what_a_program_reads() {
        for command in ["echo x > C:\\x", "reg.exe add x && y", "\"C:\\Program Files\\a.exe\" x | more"] {
            assert!(shell_feature(command).is_some(), "{command}");
        }
        for command in
            ["cmd /c echo x > C:\\x", "%ComSpec% /c x", "reg.exe add x /d \"a && b\"", "powershell a | b"]
        {
            assert!(shell_feature(command).is_none(), "{command}");
        }
    }

    #[test]
    fn letters_of_media_are_told_from_others() {
        assert_eq!(fixed_letter("D:\\setup.exe /s"), Some('D'));
        assert_eq!(fixed_letter("cmd /c e:\\run.cmd"), Some('e'));
        for command in
            ["C:\\x.exe", "cmd /c X:\\x", "cmd /c for %d in (D E) do %d:\\x", "reg add HKLM\\CD:\\x"]
        {
            assert_eq!(fixed_letter(command), None, "{command}");
        }
    }

    #[test]
    fn a_restart_is_seen_in_the_words_of_the_command() {
        assert!(restarts("shutdown.exe /r /t 0") && restarts("powershell Restart-Computer"));
        assert!(!restarts("shutdown.exe /a") && !restarts("reg add shutdown-reason"));
    }
}
