//! Words and paths as Windows wants them.

/// Joins words to a command line from which a Windows program gets the same words.
///
/// The rules are those of the C runtime, which `CommandLineToArgvW` documents:
/// backslashes are plain unless a quotation mark follows them.
#[must_use]
pub fn join_words(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    quoted.join(" ")
}

fn quote(word: &str) -> String {
    if !word.is_empty() && !word.contains([' ', '\t', '"', '&', '|', '<', '>', '^', '(', ')', '%']) {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in word.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                // Each of them would otherwise lose its twin, and the mark its meaning.
                quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(character);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}

/// A path of the guest as its SFTP server knows it: `C:\a` and `C:/a` are `/C:/a`,
/// a relative path starts at the home.
#[must_use]
pub fn remote_path(path: &str) -> String {
    let path = path.replace('\\', "/");
    let bytes = path.as_bytes();
    match (bytes.first(), bytes.get(1)) {
        (Some(letter), Some(b':')) if letter.is_ascii_alphabetic() => format!("/{path}"),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(words: &[&str]) -> String {
        join_words(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_quoted_as_the_c_runtime_reads_them() {
        assert_eq!(joined(&["a.exe", "x", "y z"]), r#"a.exe x "y z""#);
        assert_eq!(joined(&[""]), r#""""#);
        assert_eq!(joined(&[r#"say "hi""#]), r#""say \"hi\"""#);
        assert_eq!(joined(&[r"C:\dir\"]), r"C:\dir\");
        assert_eq!(joined(&[r"C:\my dir\"]), r#""C:\my dir\\""#);
        assert_eq!(joined(&[r#"a\"b"#]), r#""a\\\"b""#);
    }

    #[test]
    fn paths_of_every_style_reach_the_same_file() {
        assert_eq!(remote_path(r"C:\Users\x"), "/C:/Users/x");
        assert_eq!(remote_path("C:/Users/x"), "/C:/Users/x");
        assert_eq!(remote_path("/c:/vslayout"), "/c:/vslayout");
        assert_eq!(remote_path(r"dir\file"), "dir/file");
    }
}
