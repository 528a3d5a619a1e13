//! A text as words, separators and expressions.

use super::dates::Moment;

/// A part of a word: itself, a variable of the environment that is read when it is needed, or all of it a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Variable(String),
    Moment(Moment),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    pub(super) quoted: bool,
}

impl Word {
    fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.to_string())),
        }
    }

    /// The text, if no variable is in it.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(super) fn bare(&self) -> Option<&str> {
        self.literal().filter(|_| !self.quoted)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// What is between parentheses, or a statement that begins with a bracket.
    Expression(String),
    Comma,
    Pipe,
    End,
}

/// All words of a text, or none if a single character is not understood.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut word: Option<Word> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                word.quoted = true;
                loop {
                    match chars.next()? {
                        '\'' if chars.next_if_eq(&'\'').is_some() => word.push('\''),
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                word.quoted = true;
                loop {
                    match chars.next()? {
                        '"' if chars.next_if_eq(&'"').is_some() => word.push('"'),
                        '"' => break,
                        '`' => word.push(escaped(chars.next()?)),
                        '$' => word.parts.push(variable(&mut chars)?),
                        c => word.push(c),
                    }
                }
            }
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            // A backtick at the end of a line continues it.
            '`' => match chars.next()? {
                '\r' => drop(chars.next_if_eq(&'\n')),
                '\n' => {}
                c => word.get_or_insert_default().push(escaped(c)),
            },
            '$' => {
                // -Confirm:$false
                let glued =
                    word.as_ref().is_some_and(|word| word.literal().is_some_and(|text| text.ends_with(':')));
                let found = if word.is_none() || glued { constant(&mut chars) } else { None };
                match found {
                    Some(text) => text.chars().for_each(|c| word.get_or_insert_default().push(c)),
                    None => word.get_or_insert_default().parts.push(variable(&mut chars)?),
                }
            }
            ';' | '\n' | ',' | '|' => {
                tokens.extend(word.take().map(Token::Word));
                tokens.push(match c {
                    ',' => Token::Comma,
                    '|' => Token::Pipe,
                    _ => Token::End,
                });
            }
            c if c.is_whitespace() => tokens.extend(word.take().map(Token::Word)),
            '(' if word.is_none() => {
                tokens.push(Token::Expression(parenthesized(&mut chars)?));
                // Something of the value, or a word that goes on.
                if chars.peek().is_some_and(|c| !c.is_whitespace() && !";,|".contains(*c)) {
                    return None;
                }
            }
            '[' if word.is_none() && matches!(tokens.last(), None | Some(Token::End)) => {
                tokens.push(Token::Expression(bracketed(&mut chars)?));
            }
            '(' | ')' | '{' | '}' | '@' | '<' | '>' => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    tokens.extend(word.map(Token::Word));
    Some(tokens)
}

/// Behind an opening parenthesis: all until the one that closes it.
fn parenthesized(chars: &mut Chars<'_>) -> Option<String> {
    let (mut text, mut depth, mut quote) = (String::new(), 1, None);
    loop {
        let c = chars.next()?;
        match c {
            c if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' => quote = Some(c),
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(text);
        }
        text.push(c);
    }
}

/// Behind an opening bracket: the rest of the statement.
fn bracketed(chars: &mut Chars<'_>) -> Option<String> {
    let mut text = "[".to_owned();
    while let Some(c) = chars.next_if(|c| !";|\n".contains(*c)) {
        text.push(c);
        if c == '(' {
            text.push_str(&parenthesized(chars)?);
            text.push(')');
        }
    }
    Some(text)
}

fn escaped(c: char) -> char {
    match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        c => c,
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn name(chars: &mut Chars<'_>) -> String {
    let mut name = String::new();
    while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == ':') {
        name.push(c);
    }
    name
}

/// `$true` and its like, and the names of variables that statements treat themselves: words of their own.
fn constant(chars: &mut Chars<'_>) -> Option<String> {
    let mut ahead = chars.clone();
    let found = name(&mut ahead).to_ascii_lowercase();
    let known = ["true", "false", "null", "erroractionpreference", "progresspreference", "lastexitcode"];
    known.contains(&found.as_str()).then(|| {
        *chars = ahead;
        format!("${found}")
    })
}

/// Behind the dollar sign: `env:NAME` or `{env:NAME}`.
fn variable(chars: &mut Chars<'_>) -> Option<Part> {
    let braces = chars.next_if_eq(&'{').is_some();
    let whole = if braces {
        let mut inner = String::new();
        while let Some(c) = chars.next_if(|c| *c != '}') {
            inner.push(c);
        }
        chars.next()?;
        inner
    } else {
        name(chars)
    };
    let (drive, name) = whole.split_once(':')?;
    (drive.eq_ignore_ascii_case("env") && !name.is_empty()).then(|| Part::Variable(name.to_owned()))
}
