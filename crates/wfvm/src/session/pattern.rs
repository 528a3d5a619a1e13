//! Wildcards in file names, as `sftp` expands them: `*`, `?`, `[a-z]` and `[!a-z]` within one
//! part of a path. A backslash takes the meaning of what follows.

/// Whether a word means anything other than itself.
#[must_use]
pub fn has_wildcards(word: &str) -> bool {
    word.contains(['*', '?', '['])
}

/// Whether `name`, one part of a path, is what `pattern` means.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    // A name that begins with a dot is meant only by a pattern that does.
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    from_here(&pattern, &name)
}

fn from_here(mut pattern: &[char], mut name: &[char]) -> bool {
    // Where the last `*` may take one character more. Only the last one need be tried again:
    // what an earlier one could take besides, it can take as well.
    let mut again: Option<(&[char], &[char])> = None;
    loop {
        if let ['*', rest @ ..] = pattern {
            again = Some((rest, name));
            pattern = rest;
            continue;
        }
        match (one(pattern, name.first().copied()), name) {
            (Some(rest), [_, others @ ..]) => (pattern, name) = (rest, others),
            (None, []) if pattern.is_empty() => return true,
            _ => match again {
                Some((rest, [_, others @ ..])) => {
                    again = Some((rest, others));
                    (pattern, name) = (rest, others);
                }
                _ => return false,
            },
        }
    }
}

/// What is left of the pattern when its first item means `character`.
fn one(pattern: &[char], character: Option<char>) -> Option<&[char]> {
    let character = character?;
    match pattern {
        ['?', rest @ ..] => Some(rest),
        ['[', inside @ ..] => match set(inside) {
            Some((members, rest)) => contains(members, character).then_some(rest),
            // Never closed: a character like any other.
            None => (character == '[').then_some(inside),
        },
        ['\\', escaped, rest @ ..] => (*escaped == character).then_some(rest),
        [plain, rest @ ..] => (*plain == character).then_some(rest),
        [] => None,
    }
}

/// The members of a set and what follows its end. A `]` that comes first is a member.
fn set(inside: &[char]) -> Option<(&[char], &[char])> {
    let first = usize::from(matches!(inside.first(), Some('!' | '^'))) + 1;
    let end = first + inside.get(first..)?.iter().position(|character| *character == ']')?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}

fn contains(members: &[char], character: char) -> bool {
    let (mut members, negated) = match members {
        ['!' | '^', rest @ ..] => (rest, true),
        _ => (members, false),
    };
    let mut found = false;
    loop {
        members = match members {
            [low, '-', high, rest @ ..] => {
                found |= (*low..=*high).contains(&character);
                rest
            }
            [member, rest @ ..] => {
                found |= *member == character;
                rest
            }
            [] => return found != negated,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_it_means_to_sftp() {
        for (pattern, name) in [
            ("*.tar.bz2", "a.tar.bz2"),
            ("*", "a"),
            ("a*", "a"),
            ("*a*b", "xaxbab"),
            ("?.msi", "x.msi"),
            ("?", "ä"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[^a-c]x", "dx"),
            ("[]]", "]"),
            ("[a-]", "-"),
            ("[x", "[x"),
            (r"\*", "*"),
            (".*", ".hidden"),
            ("plain", "plain"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.tar.bz2", "a.tar.bz"),
            ("?", ""),
            ("?", "ab"),
            ("[a-c]x", "dx"),
            ("[!a-c]x", "bx"),
            (r"\*", "a"),
            ("*", ".hidden"),
            ("?hidden", ".hidden"),
            ("", "a"),
            ("plain", "plainer"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_on_a_long_name_do_not_take_for_ever() {
        assert!(!matches(&"*a".repeat(40), &"a".repeat(39)));
        assert!(!matches(&format!("{}b", "*a".repeat(100)), &"a".repeat(250)));
    }

    #[test]
    fn only_wildcards_make_a_pattern() {
        assert!(has_wildcards("a*") && has_wildcards("a?") && has_wildcards("[a]"));
        assert!(!has_wildcards("C:/a b/{c}~'"));
    }
}
