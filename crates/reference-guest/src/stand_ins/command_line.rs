//! A Windows command line as the words that a C program sees
//! (Microsoft: "Parsing C command-line arguments").

/// All words, the program's name first.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut inside, mut quoted, mut backslashes) = (false, false, 0_usize);
    for c in line.chars() {
        match c {
            '\\' => {
                backslashes += 1;
                inside = true;
                continue;
            }
            '"' => {
                word.extend(std::iter::repeat_n('\\', backslashes / 2));
                if backslashes % 2 == 1 {
                    word.push('"');
                } else {
                    quoted = !quoted;
                }
                backslashes = 0;
                inside = true;
                continue;
            }
            _ => {}
        }
        word.extend(std::iter::repeat_n('\\', backslashes));
        backslashes = 0;
        if c.is_whitespace() && !quoted {
            if inside {
                words.push(std::mem::take(&mut word));
                inside = false;
            }
        } else {
            word.push(c);
            inside = true;
        }
    }
    word.extend(std::iter::repeat_n('\\', backslashes));
    if inside {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_microsoft_documents() {
        assert_eq!(words("net  user \"a b\" x"), ["net", "user", "a b", "x"]);
        assert_eq!(words(r#"p "a\"b" c:\d\ "e\\" "" f"g h"i"#), ["p", "a\"b", "c:\\d\\", "e\\", "", "fg hi"]);
        assert!(words("").is_empty());
    }
}
