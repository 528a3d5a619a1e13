//! As much of PowerShell's grammar as one-liners need: commands with their arguments, quoted texts,
//! variables of the environment, comments, and of expressions those in `dates`. Blocks and pipelines: not understood.

use super::cmdlets::{CMDLETS, Cmdlet};
use super::dates::{self, Unit};
use super::tokens::{Part, Token, Word, tokens};

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
    /// An expression whose value is printed: the time since 1970.
    Now {
        unit: Unit,
        quiet: bool,
    },
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

fn statement(mut tokens: &[Token]) -> Option<Statement> {
    // What is thrown away is the only thing that a pipeline does here.
    let quiet = match tokens {
        [rest @ .., Token::Pipe, Token::Word(word)] if word.bare()?.eq_ignore_ascii_case("out-null") => {
            tokens = rest;
            true
        }
        _ => false,
    };
    if let [Token::Expression(text)] = tokens {
        return expression(text, quiet);
    }
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

/// A statement that is an expression: a number, or `[void](CMDLET …)`, which prints nothing.
fn expression(text: &str, quiet: bool) -> Option<Statement> {
    let text = text.trim();
    if let Some(unit) = dates::unit_of_now(text) {
        return Some(Statement::Now { unit, quiet });
    }
    let (cast, rest) = text.split_at_checked("[void]".len())?;
    let inner = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
    match statements(inner)?.as_slice() {
        [Statement::Cmdlet { cmdlet, arguments, .. }] if cast.eq_ignore_ascii_case("[void]") => {
            Some(Statement::Cmdlet { cmdlet, arguments: arguments.clone(), quiet: true })
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
        Token::Expression(_) | Token::Comma | Token::Pipe | Token::End => None,
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
            [Token::Expression(text), rest @ ..] if values.is_empty() => {
                *tokens = rest;
                return Some(vec![Word { parts: vec![Part::Moment(dates::moment(text)?)], quoted: false }]);
            }
            _ => return None,
        }
    }
}

fn arguments(cmdlet: &Cmdlet, mut tokens: &[Token]) -> Option<Vec<(&'static str, Vec<Word>)>> {
    let mut found: Vec<(&'static str, Vec<Word>)> = Vec::new();
    let mut positional = cmdlet.positional.iter();
    while let [first @ (Token::Word(_) | Token::Expression(_)), rest @ ..] = tokens {
        let word = if let Token::Word(word) = first { word.bare() } else { None };
        let parameter = word.and_then(|text| text.strip_prefix('-')).filter(|text| !text.is_empty());
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
    // A moment is the value of a parameter for dates, and no text is one.
    let is_moment = |word: &Word| matches!(word.parts.as_slice(), [Part::Moment(_)]);
    let fits =
        found.iter().all(|(name, words)| words.iter().all(|word| is_moment(word) == (*name == "date")));
    (tokens.is_empty() && fits).then_some(found)
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
                    Part::Moment(moment) => format!("<{moment}>"),
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
    fn the_clock_is_set_to_a_moment_and_read() {
        let set = "Set-Date -Date ([DateTimeOffset]::FromUnixTimeMilliseconds(1790000000123).LocalDateTime)";
        for (text, quiet) in [
            (set.to_owned(), false),
            (set.replace(" -Date ", " "), false),
            (format!("{set} | Out-Null"), true),
            (format!("[void]({set})"), true),
        ] {
            let arguments =
                vec![("date", vec![Word { parts: vec![Part::Moment(1_790_000_000_123)], quoted: false }])];
            let expected = Statement::Cmdlet { cmdlet: "set-date", arguments, quiet };
            assert_eq!(statements(&text), Some(vec![expected]), "{text}");
        }
        let read = "[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()";
        let now = Statement::Now { unit: Unit::Milliseconds, quiet: false };
        assert_eq!(statements(&format!("{set}; {read}")).map(|all| all[1].clone()), Some(now));
        for refused in [
            "Set-Date -Date 2026-09-21",
            "Set-Date -Date 1790000000123",
            "Set-Date -Date ([DateTime]::Now)",
            "Set-Date -Date ([DateTimeOffset]::FromUnixTimeSeconds(1).LocalDateTime",
            "Set-Date -Date ([DateTimeOffset]::FromUnixTimeSeconds(1)).LocalDateTime",
            "Write-Output ([DateTimeOffset]::FromUnixTimeSeconds(1).LocalDateTime)",
            "[DateTimeOffset]::UtcNow",
            "[int](Set-Date)",
            "[void](Get-Process)",
            "[Console]::Beep()",
        ] {
            assert_eq!(statements(refused), None, "{refused}");
        }
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
