//! `powershell.exe` for exactly three cmdlets: Set-ExecutionPolicy, Set-Service, Start-Service. There is no PowerShell behind it.

use std::io;

use super::services::Start;
use super::{Answer, Call, Program};

const SHELL_KEY: &str = "Software\\Microsoft\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell";
const POLICIES: [&str; 6] = ["Unrestricted", "RemoteSigned", "AllSigned", "Restricted", "Bypass", "Default"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    SetExecutionPolicy(&'static str),
    SetService { name: String, start: Start },
    StartService(String),
}

/// All statements of a command line, or none if a single one is not understood: nothing is done by halves.
pub(super) fn parse(words: &[String]) -> Option<Vec<Statement>> {
    let mut rest = words;
    loop {
        rest = match rest {
            [option, tail @ ..]
                if is_option(option, &["-noprofile", "-nop", "-noninteractive", "-noni", "-nologo"]) =>
            {
                tail
            }
            [option, _value, tail @ ..]
                if is_option(option, &["-executionpolicy", "-ep", "-ex", "-windowstyle", "-w"]) =>
            {
                tail
            }
            [option, tail @ ..] if is_option(option, &["-command", "-c"]) => tail,
            _ => break,
        };
    }
    let text = rest.join(" ");
    let statements: Vec<&str> =
        text.split(';').map(str::trim).filter(|statement| !statement.is_empty()).collect();
    if statements.is_empty() {
        return None;
    }
    statements.into_iter().map(statement).collect()
}

fn is_option(word: &str, options: &[&str]) -> bool {
    options.iter().any(|option| option.eq_ignore_ascii_case(word))
}

fn statement(text: &str) -> Option<Statement> {
    let mut words = text.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let cmdlet = words.next()?.to_ascii_lowercase();
    let mut named: Vec<(String, String)> = Vec::new();
    let mut positional = Vec::new();
    while let Some(word) = words.next() {
        match word.strip_prefix('-').map(str::to_ascii_lowercase) {
            Some(switch) if matches!(switch.as_str(), "force" | "passthru" | "confirm:$false") => {}
            Some(name) => named.push((name, words.next()?.to_owned())),
            None => positional.push(word.to_owned()),
        }
    }
    let mut positional = positional.into_iter();
    let mut take = |name: &str| {
        let at = named.iter().position(|(given, _)| given == name);
        at.map(|at| named.remove(at).1)
    };
    let statement = match cmdlet.as_str() {
        "set-executionpolicy" => {
            let policy = take("executionpolicy").or_else(|| positional.next())?;
            take("scope")
                .filter(|scope| !scope.eq_ignore_ascii_case("LocalMachine"))
                .map_or(Some(()), |_| None)?;
            Statement::SetExecutionPolicy(
                POLICIES.into_iter().find(|known| known.eq_ignore_ascii_case(&policy))?,
            )
        }
        "set-service" => {
            let name = take("name").or_else(|| positional.next())?;
            let start = match take("startuptype")?.to_ascii_lowercase().as_str() {
                "automatic" => Start::Automatic,
                "manual" => Start::Manual,
                "disabled" => Start::Disabled,
                _ => return None,
            };
            Statement::SetService { name, start }
        }
        "start-service" => Statement::StartService(take("name").or_else(|| positional.next())?),
        _ => return None,
    };
    (named.is_empty() && positional.next().is_none()).then_some(statement)
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(statements) = parse(&call.words) else { return Ok(Answer::Refused) };
    for statement in statements {
        let (what, code) = match &statement {
            Statement::SetExecutionPolicy(policy) => {
                ("Set-ExecutionPolicy", program.set_text(SHELL_KEY, "ExecutionPolicy", policy)?)
            }
            Statement::SetService { name, start } => {
                ("Set-Service", program.configure_service(name, *start)?)
            }
            // A service that runs already is no error to Start-Service.
            Statement::StartService(name) => match program.start_service(name)? {
                1056 => ("Start-Service", 0),
                code => ("Start-Service", code),
            },
        };
        if code != 0 {
            program
                .complain(&format!("{what} : the service control manager or the registry answered {code}"))?;
            return Ok(Answer::Exit(1));
        }
    }
    Ok(Answer::Exit(0))
}
