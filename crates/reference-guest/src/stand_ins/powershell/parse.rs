//! As much of PowerShell's grammar as one-liners need: commands with their arguments, quoted texts,
//! variables of the environment, comments. Blocks, pipelines, expressions: not understood.

use super::cmdlets::{CMDLETS, Cmdlet};

/// A part of a word: itself, or a variable of the environment that is read when it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Variable(String),
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

    fn bare(&self) -> Option<&str> {
        self.literal().filter(|_| !self.quoted)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    Comma,
    Pipe,
    End,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    Cmdlet {
        cmdlet: &'static str,
        arguments: Vec<(&'static str, Vec<Word>)>,
        quiet: bool,
    },
    Program {
        words: Vec<Word>,
        quiet: bool,
    },
    /// `$ErrorActionPreference = …`: true for Stop.
    StopOnErrors(bool),
    /// `$ProgressPreference = …`: nothing shows progress here.
    Nothing,
    /// With the code, or with that of the last program.
    Exit(Option<u32>),
}

/// All statements of a text, or none if a single one is not understood.
pub(super) fn statements(text: &str) -> Option<Vec<Statement>> {
    let tokens = tokens(text)?;
    tokens
        .split(|token| *token == Token::End)
        .filter(|statement| !statement.is_empty())
        .map(statement)
        .collect()
}

fn tokens(text: &str) -> Option<Vec<Token>> {
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
            '(' | ')' | '{' | '}' | '@' | '<' | '>' => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    tokens.extend(word.map(Token::Word));
    Some(tokens)
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

fn statement(mut tokens: &[Token]) -> Option<Statement> {
    // What is thrown away is the only thing that a pipeline does here.
    let quiet = match tokens {
        [rest @ .., Token::Pipe, Token::Word(word)] if word.bare()?.eq_ignore_ascii_case("out-null") => {
            tokens = rest;
            true
        }
        _ => false,
    };
    let [Token::Word(first), rest @ ..] = tokens else { return None };
    match (first.bare(), rest) {
        (Some("$erroractionpreference"), [Token::Word(equals), Token::Word(value)])
            if equals.bare() == Some("=") =>
        {
            match value.literal()?.to_ascii_lowercase().as_str() {
                "stop" => Some(Statement::StopOnErrors(true)),
                "continue" | "silentlycontinue" => Some(Statement::StopOnErrors(false)),
                _ => None,
            }
        }
        (Some("$progresspreference"), [Token::Word(equals), Token::Word(_)])
            if equals.bare() == Some("=") =>
        {
            Some(Statement::Nothing)
        }
        (Some(word), []) if word.eq_ignore_ascii_case("exit") => Some(Statement::Exit(Some(0))),
        (Some(word), [Token::Word(code)]) if word.eq_ignore_ascii_case("exit") => match code.bare()? {
            "$lastexitcode" => Some(Statement::Exit(None)),
            number => number.parse::<i64>().ok().map(|number| Statement::Exit(Some(low_bits(number)))),
        },
        (Some("&"), [Token::Word(_), ..]) => Some(Statement::Program { words: words(rest)?, quiet }),
        (Some(name), _) if CMDLETS.iter().any(|cmdlet| cmdlet.is_called(name)) => {
            let cmdlet = CMDLETS.iter().find(|cmdlet| cmdlet.is_called(name))?;
            Some(Statement::Cmdlet { cmdlet: cmdlet.name, arguments: arguments(cmdlet, rest)?, quiet })
        }
        (Some(name), _)
            if std::path::Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("exe")) =>
        {
            Some(Statement::Program { words: words(tokens)?, quiet })
        }
        _ => None,
    }
}

/// An exit code is 32 bits, however it is written.
fn low_bits(number: i64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn words(tokens: &[Token]) -> Option<Vec<Word>> {
    let word = |token: &Token| match token {
        Token::Word(word) => Some(word.clone()),
        Token::Comma | Token::Pipe | Token::End => None,
    };
    tokens.iter().map(word).collect()
}

/// One value, or several with commas between them.
fn value(tokens: &mut &[Token]) -> Option<Vec<Word>> {
    let mut values = Vec::new();
    loop {
        match *tokens {
            [Token::Word(word), Token::Comma, rest @ ..] => {
                values.push(word.clone());
                *tokens = rest;
            }
            [Token::Word(word), rest @ ..] => {
                values.push(word.clone());
                *tokens = rest;
                return Some(values);
            }
            _ => return None,
        }
    }
}

fn arguments(cmdlet: &Cmdlet, mut tokens: &[Token]) -> Option<Vec<(&'static str, Vec<Word>)>> {
    let mut found: Vec<(&'static str, Vec<Word>)> = Vec::new();
    let mut positional = cmdlet.positional.iter();
    while let [Token::Word(word), rest @ ..] = tokens {
        let parameter = word.bare().and_then(|text| text.strip_prefix('-')).filter(|text| !text.is_empty());
        let Some(text) = parameter.filter(|text| !text.starts_with(|c: char| c.is_ascii_digit())) else {
            let name = positional.find(|name| found.iter().all(|(given, _)| given != *name))?;
            found.push((name, value(&mut tokens)?));
            continue;
        };
        tokens = rest;
        // -Confirm:$false is one parameter and its value in one.
        let (name, glued) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
        let (name, is_switch) = cmdlet.parameter(name)?;
        if found.iter().any(|(given, _)| *given == name) {
            return None;
        }
        let values = match glued {
            Some("") => value(&mut tokens)?,
            Some(text) => vec![Word { parts: vec![Part::Text(text.to_owned())], quoted: false }],
            None if is_switch => Vec::new(),
            None => value(&mut tokens)?,
        };
        found.push((name, values));
    }
    tokens.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shown = (&'static str, Vec<(&'static str, String)>);

    fn texts(text: &str) -> Option<Vec<Shown>> {
        let shown = |word: &Word| {
            word.parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.clone(),
                    Part::Variable(name) => format!("<{name}>"),
                })
                .collect::<String>()
        };
        statements(text)?
            .into_iter()
            .map(|statement| {
                let Statement::Cmdlet { cmdlet, arguments, .. } = statement else { return None };
                let shown = |values: &[Word]| values.iter().map(shown).collect::<Vec<_>>().join("+");
                Some((cmdlet, arguments.iter().map(|(name, values)| (*name, shown(values))).collect()))
            })
            .collect()
    }

    #[test]
    fn commands_are_read_with_their_arguments() {
        let one = |cmdlet, arguments: &[(&'static str, &str)]| {
            Some(vec![(cmdlet, arguments.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())])
        };
        assert_eq!(
            texts("Set-LocalUser -Name 'it''s' -PasswordNeverExpires $true"),
            one("set-localuser", &[("name", "it's"), ("passwordneverexpires", "$true")])
        );
        assert_eq!(
            texts("Expand-Archive \"$env:TEMP\\a b.zip\" -Dest C:\\x -Force # all"),
            one(
                "expand-archive",
                &[("path", "<TEMP>\\a b.zip"), ("destinationpath", "C:\\x"), ("force", "")]
            )
        );
        assert_eq!(
            texts("Start-Process -FilePath msiexec.exe -ArgumentList '/i', 'x.msi','/qn' -Wait"),
            one(
                "start-process",
                &[("filepath", "msiexec.exe"), ("argumentlist", "/i+x.msi+/qn"), ("wait", "")]
            )
        );
        assert_eq!(
            texts("Start-Service sshd -Confirm:$false | Out-Null"),
            one("start-service", &[("name", "sshd"), ("confirm", "$false")])
        );
    }

    #[test]
    fn statements_end_at_a_semicolon_or_a_line() {
        assert_eq!(statements("Start-Service a; Stop-Service b\r\nStart-Service \"c;d\"").unwrap().len(), 3);
        assert_eq!(
            statements("$ErrorActionPreference = 'Stop'\n& 'C:\\a b.exe' -x; exit $LASTEXITCODE").unwrap(),
            [
                Statement::StopOnErrors(true),
                Statement::Program {
                    words: vec![
                        Word { parts: vec![Part::Text("C:\\a b.exe".to_owned())], quoted: true },
                        Word { parts: vec![Part::Text("-x".to_owned())], quoted: false }
                    ],
                    quiet: false
                },
                Statement::Exit(None)
            ]
        );
        assert_eq!(statements("exit -1"), Some(vec![Statement::Exit(Some(u32::MAX))]));
    }

    #[test]
    fn what_is_not_understood_is_nothing() {
        for text in [
            "Get-Process",
            "Start-Service sshd; Get-Process",
            "Start-Service sshd | Format-List",
            "Start-Service -Unknown x",
            "Start-Service a b",
            "if ($true) { Start-Service a }",
            "Start-Service $name",
            "Start-Service 'open",
            "$x = 1",
            "Set-Service -S x",
        ] {
            assert_eq!(statements(text), None, "{text}");
        }
    }
}
