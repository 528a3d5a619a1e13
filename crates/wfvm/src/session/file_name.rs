//! Names that Windows does not take for a file: Microsoft's "Naming Files, Paths, and Namespaces".

/// Names of devices, in every directory and with every extension.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// Why Windows refuses a file of this name, if it does.
pub(crate) fn refusal(name: &str) -> Option<String> {
    let reserved = |character: &char| r#"<>:"/\|?*"#.contains(*character) || character.is_ascii_control();
    if name.is_empty() {
        return Some("is empty".into());
    }
    if let Some(character) = name.chars().find(reserved) {
        return Some(format!("has the reserved character {character:?}"));
    }
    // Windows takes them off without a word, and the file has another name.
    if let Some(last) = name.chars().next_back().filter(|last| [' ', '.'].contains(last)) {
        return Some(format!("ends in {last:?}"));
    }
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    is_device(&stem).then(|| format!("is that of the device {stem}"))
}

/// Whether a name up to its first dot, in capitals, is that of a device.
pub(crate) fn is_device(stem: &str) -> bool {
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let number = |rest: &str| {
        matches!(rest, "¹" | "²" | "³") || rest.len() == 1 && rest.starts_with(|c: char| c.is_ascii_digit())
    };
    DEVICES.contains(&stem) || port.is_some_and(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_refuses_is_named() {
        for (name, words) in [
            ("", "is empty"),
            ("a:b", "':'"),
            ("a?", "'?'"),
            (r"a\b", r"'\\'"),
            ("a\tb", r"'\t'"),
            ("a.", "ends in '.'"),
            ("..", "ends in '.'"),
            ("a ", "ends in ' '"),
            ("nul", "the device NUL"),
            ("aux.c", "the device AUX"),
            ("Com1.tar.gz", "the device COM1"),
            ("LPT²", "the device LPT²"),
        ] {
            let refusal = refusal(name).unwrap_or_default();
            assert!(refusal.contains(words), "{name}: {refusal}");
        }
    }

    #[test]
    fn what_windows_takes_is_let_through() {
        for name in ["a b.txt", ".hidden", "com", "COM10", "console", "ä", "a'b&c(1)%x%.exe", "auxiliary.c"]
        {
            assert_eq!(refusal(name), None, "{name}");
        }
    }
}
