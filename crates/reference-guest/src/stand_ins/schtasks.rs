//! `schtasks.exe`: tasks as the XML files in `System32\Tasks` that Windows keeps them in
//! (Microsoft: "Task Scheduler Schema"). No trigger fires; `/run` runs a task's action.

use std::io;
use std::path::PathBuf;

use fs_err as fs;

use super::{Answer, Call, Program};
use crate::system_files;

const FOLDER: &str = "Windows/System32/Tasks";
const NOT_FOUND: &str = "ERROR: The system cannot find the file specified.\r\n";
const FAILED: u32 = 1;

/// One order that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    Change { task: String, enabled: bool },
    Query { task: Option<String>, form: Form },
    Create { task: String, run: String, trigger: Trigger, force: bool },
    Delete { task: String },
    Run { task: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    List,
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    Logon,
    Boot,
}

/// Options of the form `/TN value`; a switch without a value has an empty one.
fn options(words: &[String]) -> Option<Vec<(String, String)>> {
    const WITHOUT_VALUE: [&str; 6] = ["enable", "disable", "f", "v", "nh", "it"];
    let mut given = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.strip_prefix(['/', '-'])?.to_ascii_lowercase();
        let value =
            if WITHOUT_VALUE.contains(&name.as_str()) { String::new() } else { words.next()?.clone() };
        if given.iter().any(|(known, _)| *known == name) {
            return None;
        }
        given.push((name, value));
    }
    Some(given)
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let (verb, rest) = words.split_first()?;
    let mut given = options(rest)?;
    let mut take = |name: &str| {
        let at = given.iter().position(|(known, _)| known == name)?;
        Some(given.swap_remove(at).1)
    };
    let order = match verb.strip_prefix(['/', '-'])?.to_ascii_lowercase().as_str() {
        "change" => {
            let enabled = match (take("enable"), take("disable")) {
                (Some(_), None) => true,
                (None, Some(_)) => false,
                _ => return None,
            };
            Order::Change { task: take("tn")?, enabled }
        }
        "query" => {
            let form = match take("fo").map(|form| form.to_ascii_lowercase()).as_deref() {
                None | Some("table") => Form::Table,
                Some("list") => Form::List,
                Some("csv") => Form::Csv,
                Some(_) => return None,
            };
            let _ = take("v");
            Order::Query { task: take("tn"), form }
        }
        "create" => {
            let trigger = match take("sc")?.to_ascii_lowercase().as_str() {
                "onlogon" => Trigger::Logon,
                "onstart" => Trigger::Boot,
                _ => return None,
            };
            for ignored in ["ru", "rl", "it"] {
                let _ = take(ignored);
            }
            Order::Create { task: take("tn")?, run: take("tr")?, trigger, force: take("f").is_some() }
        }
        // Without /f Windows asks.
        "delete" => take("f").and_then(|_| take("tn")).map(|task| Order::Delete { task })?,
        "run" => Order::Run { task: take("tn")? },
        _ => return None,
    };
    given.is_empty().then_some(order)
}

/// A task's name with a leading backslash, and its file.
fn place(task: &str) -> (String, PathBuf) {
    let name = format!("\\{}", task.trim_matches('\\'));
    (name.clone(), system_files::place(&format!("{FOLDER}/{}", name.replace('\\', "/"))))
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(order) = parse(&call.words) else { return Ok(Answer::Refused) };
    match order {
        Order::Query { task: None, form } => query(&all(), form, program),
        Order::Create { task, run, trigger, force } => create(&task, &run, trigger, force, call, program),
        Order::Query { task: Some(task), .. }
        | Order::Change { task, .. }
        | Order::Delete { task }
        | Order::Run { task }
            if !place(&task).1.is_file() =>
        {
            let text = if matches!(parse(&call.words), Some(Order::Change { .. } | Order::Query { .. })) {
                NOT_FOUND.to_owned()
            } else {
                format!("ERROR: The specified task name \"{task}\" does not exist in the system.\r\n")
            };
            program.complain(&text)?;
            Ok(Answer::Exit(FAILED))
        }
        Order::Query { task: Some(task), form } => query(&[place(&task)], form, program),
        Order::Change { task, enabled } => {
            let (name, _) = place(&task);
            change(&task, enabled)?;
            program
                .print(&format!("SUCCESS: The parameters of scheduled task \"{name}\" have been changed."))?;
            Ok(Answer::Exit(0))
        }
        Order::Delete { task } => {
            let (name, file) = place(&task);
            fs::remove_file(file)?;
            program.print(&format!("SUCCESS: The scheduled task \"{name}\" was successfully deleted."))?;
            Ok(Answer::Exit(0))
        }
        Order::Run { task } => {
            let (name, file) = place(&task);
            let text = system_files::read_text(&file)?;
            if !is_enabled(&text) {
                program.complain("ERROR: The task is disabled.\r\n")?;
                return Ok(Answer::Exit(FAILED));
            }
            let Some(line) = command_line(&text) else { return Ok(Answer::Refused) };
            crate::wine::start_in_background(&line, &call.user);
            program.print(&format!("SUCCESS: Attempted to run the scheduled task \"{name}\"."))?;
            Ok(Answer::Exit(0))
        }
    }
}

/// Enables or disables a task; false if there is none of that name.
pub(super) fn change(task: &str, enabled: bool) -> io::Result<bool> {
    let (_, file) = place(task);
    if !file.is_file() {
        return Ok(false);
    }
    let text = set_enabled(&system_files::read_text(&file)?, enabled)
        .ok_or_else(|| io::Error::other("the task's file makes no sense"))?;
    system_files::write_utf16(&file, &text)?;
    Ok(true)
}

/// All tasks, by name.
fn all() -> Vec<(String, PathBuf)> {
    fn below(directory: &std::path::Path, name: &str, found: &mut Vec<(String, PathBuf)>) {
        for entry in crate::block::entries(directory) {
            let (path, name) = (directory.join(&entry), format!("{name}\\{entry}"));
            if path.is_dir() {
                below(&path, &name, found);
            } else {
                found.push((name, path));
            }
        }
    }
    let mut found = Vec::new();
    below(&system_files::place(FOLDER), "", &mut found);
    found.sort();
    found
}

fn query(tasks: &[(String, PathBuf)], form: Form, program: &mut Program<'_>) -> io::Result<Answer> {
    let mut text = String::new();
    let mut folder = None;
    if form == Form::Csv {
        text.push_str("\"TaskName\",\"Next Run Time\",\"Status\"\r\n");
    }
    for (name, file) in tasks {
        let status = if is_enabled(&system_files::read_text(file)?) { "Ready" } else { "Disabled" };
        let (parent, short) = name.rsplit_once('\\').unwrap_or(("", name));
        let parent = if parent.is_empty() { "\\" } else { parent };
        if form != Form::Csv && folder != Some(parent) {
            text.extend(["\r\nFolder: ", parent, "\r\n"]);
            if form == Form::Table {
                text.push_str("TaskName                                 Next Run Time          Status\r\n");
                text.extend([&"=".repeat(40), " ", &"=".repeat(22), " ", &"=".repeat(15), "\r\n"]);
            }
        }
        folder = Some(parent);
        let line = match form {
            Form::Csv => format!("\"{name}\",\"N/A\",\"{status}\"\r\n"),
            Form::Table => format!("{short:40} {:22} {status:15}\r\n", "N/A"),
            Form::List => format!(
                "HostName:      {}\r\nTaskName:      {name}\r\nNext Run Time: N/A\r\nStatus:        {status}\r\n\r\n",
                rustix::system::uname().nodename().to_string_lossy()
            ),
        };
        text.push_str(&line);
    }
    program.write(text.as_bytes())?;
    Ok(Answer::Exit(0))
}

fn create(
    task: &str,
    run: &str,
    trigger: Trigger,
    force: bool,
    call: &Call,
    program: &mut Program<'_>,
) -> io::Result<Answer> {
    let (name, file) = place(task);
    if file.is_file() && !force {
        program.complain(&format!(
            "ERROR: A task named \"{name}\" exists already; without /F Windows asks what to do.\r\n"
        ))?;
        return Ok(Answer::Exit(FAILED));
    }
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    system_files::write_utf16(&file, &definition(run, trigger, &call.user))?;
    program.print(&format!("SUCCESS: The scheduled task \"{name}\" has successfully been created."))?;
    Ok(Answer::Exit(0))
}

fn definition(run: &str, trigger: Trigger, user: &str) -> String {
    let trigger = match trigger {
        Trigger::Logon => "LogonTrigger",
        Trigger::Boot => "BootTrigger",
    };
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // The program is the first word, quoted or not; what follows are its arguments.
    let (command, arguments) = match run.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((command, rest)) => (command, rest.trim_start()),
        None => run.split_once(' ').unwrap_or((run, "")),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n\
         <Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n\
         \x20 <Triggers>\r\n    <{trigger}>\r\n      <Enabled>true</Enabled>\r\n    </{trigger}>\r\n  </Triggers>\r\n\
         \x20 <Principals>\r\n    <Principal id=\"Author\">\r\n      <UserId>{}</UserId>\r\n    </Principal>\r\n  </Principals>\r\n\
         \x20 <Settings>\r\n    <Enabled>true</Enabled>\r\n  </Settings>\r\n\
         \x20 <Actions Context=\"Author\">\r\n    <Exec>\r\n      <Command>{}</Command>\r\n      <Arguments>{}</Arguments>\r\n    </Exec>\r\n  </Actions>\r\n\
         </Task>\r\n",
        escape(user),
        escape(command),
        escape(arguments)
    )
}

/// `Settings/Enabled`; a task without the element is enabled.
fn is_enabled(text: &str) -> bool {
    settings(text)
        .is_none_or(|(start, end)| !text.get(start..end).unwrap_or("").contains("<Enabled>false</Enabled>"))
}

fn settings(text: &str) -> Option<(usize, usize)> {
    let start = text.find("<Settings>")? + "<Settings>".len();
    Some((start, start + text.get(start..)?.find("</Settings>")?))
}

fn set_enabled(text: &str, enabled: bool) -> Option<String> {
    let (start, end) = settings(text)?;
    let body = text.get(start..end)?;
    let new = if body.contains("<Enabled>") {
        body.replace(&format!("<Enabled>{}</Enabled>", !enabled), &format!("<Enabled>{enabled}</Enabled>"))
    } else {
        format!("\r\n    <Enabled>{enabled}</Enabled>{body}")
    };
    Some(format!("{}{new}{}", text.get(..start)?, text.get(end..)?))
}

fn command_line(text: &str) -> Option<String> {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (inner, _) = rest.split_once(&format!("</{name}>"))?;
        Some(inner.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    };
    Some(
        format!("\"{}\" {}", element("Command")?, element("Arguments").unwrap_or_default())
            .trim_end()
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn orders_are_read_in_any_order_of_options() {
        let task = "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag".to_owned();
        let disable = Some(Order::Change { task: task.clone(), enabled: false });
        assert_eq!(parse(&words(&format!("/Change /DISABLE /TN \"{task}\""))), disable);
        assert_eq!(parse(&words(&format!("-change -tn \"{task}\" -disable"))), disable);
        assert_eq!(
            parse(&words("/query /fo LIST /v /tn x")),
            Some(Order::Query { task: Some("x".to_owned()), form: Form::List })
        );
        assert_eq!(
            parse(&words("/create /tn t /tr \"\\\"C:\\a b.exe\\\" -x\" /sc onlogon /rl highest /f")),
            Some(Order::Create {
                task: "t".to_owned(),
                run: "\"C:\\a b.exe\" -x".to_owned(),
                trigger: Trigger::Logon,
                force: true
            })
        );
        for refused in [
            "",
            "/change /tn x",
            "/change /enable /disable /tn x",
            "/delete /tn x",
            "/query /xml",
            "/create /tn x /tr y /sc daily",
        ] {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }

    #[test]
    fn only_the_settings_decide_whether_a_task_is_enabled() {
        let text = definition("\"C:\\a b.exe\" -x & y", Trigger::Logon, "wfvm");
        assert!(is_enabled(&text));
        let off = set_enabled(&text, false).unwrap();
        assert!(!is_enabled(&off) && off.contains("<LogonTrigger>\r\n      <Enabled>true"));
        assert_eq!(set_enabled(&off, true).unwrap(), text);
        let bare = "<Task><Settings><Hidden>true</Hidden></Settings></Task>";
        assert!(is_enabled(bare) && !is_enabled(&set_enabled(bare, false).unwrap()));
        assert_eq!(command_line(&text).as_deref(), Some("\"C:\\a b.exe\" -x & y"));
    }
}
