//! A template's clones: woken beside cold boots of the same image, in turns. For the product's QEMU and an
//! older one, with little memory and with much.

mod files;
mod together;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{Problem, Wanted, figure::Figure, guest::Guest};

/// As often as a 95th percentile needs, and as often as one has patience for.
const REVIVED: usize = 30;
const COLD: usize = 3;
const MEMORIES_MIB: [u32; 2] = [1536, 4096];
/// With SMAP the guest's kernel falls over Wine under QEMU 7.2, by a page fault at the user's stack pointer.
/// The rest is the product's default.
const OLDER_CPU: &str = "max,monitor=off,smap=off";

/// When a command's first byte is there: of the first command, and of one in a guest that runs already.
const SCRIPT: &str = r#"
first_byte() { win-exec 'echo x' | { IFS= read -r -n 1 -d '' _; echo "$EPOCHREALTIME" > "$1"; cat > /dev/null; }; }
first_byte output
echo "$EPOCHREALTIME" > asked
first_byte again"#;

/// What [`once`] measures, in this order.
const MOMENTS: [&str; 5] = ["running", "session", "output", "command", "output-beyond"];

/// One machine whose image is booted and whose template is woken.
struct Kind {
    name: String,
    memory_mib: u32,
    qemu: PathBuf,
    cpu_model: Option<&'static str>,
    template: PathBuf,
    revived: Vec<[f64; MOMENTS.len()]>,
    cold: Vec<[f64; MOMENTS.len()]>,
}

pub(crate) fn measure(wanted: &Wanted) -> Result<Vec<Figure>, Problem> {
    let guest = Guest::given()?;
    let (revived, cold) = (wanted.revived.unwrap_or(REVIVED).max(1), wanted.cold.unwrap_or(COLD).max(1));
    let older = wanted.qemu.clone().or_else(|| std::env::var_os("WFVM_BENCH_OLDER_QEMU").map(PathBuf::from));
    let older = older.ok_or("WFVM_BENCH_OLDER_QEMU is not set: `scripts/bench` sets it")?;
    let directory = tempfile::tempdir()?;
    let mut figures = Vec::new();

    let mut kinds = Vec::new();
    for (qemu, cpu_model) in [(older, Some(OLDER_CPU)), (guest.tools.join("bin/qemu-system-x86_64"), None)] {
        for memory_mib in wanted.memory.map_or(MEMORIES_MIB.to_vec(), |memory| vec![memory]) {
            let name = format!("{}-{memory_mib}", version(&qemu)?);
            eprintln!("revive: a template for {name}");
            let template = directory.path().join(&name);
            let kind = Kind {
                name,
                memory_mib,
                qemu: qemu.clone(),
                cpu_model,
                template,
                revived: Vec::new(),
                cold: Vec::new(),
            };
            let began = Instant::now();
            kind.freeze(&guest)?;
            figures.push(kind.figure("template", "s", &[began.elapsed().as_secs_f64()]));
            kinds.push(kind);
        }
    }
    for round in 0..revived {
        for kind in &mut kinds {
            kind.revived.push(once(&guest, &kind.spec(&guest, &kind.template, SCRIPT))?);
            if round * cold % revived < cold {
                kind.cold.push(once(&guest, &kind.spec(&guest, &guest.image, SCRIPT))?);
            }
        }
        eprintln!("revive: turn {} of {revived}", round + 1);
    }
    for kind in &kinds {
        for (at, moment) in MOMENTS.iter().enumerate() {
            let series = |all: &[[f64; MOMENTS.len()]]| -> Vec<f64> {
                all.iter().filter_map(|one| one.get(at).copied()).collect()
            };
            let anchors = BTreeMap::from([("cold", series(&kind.cold))]);
            figures.push(Figure::new(kind.measure(moment), "s", &series(&kind.revived), &anchors));
        }
        figures.extend(together::measure(&guest, kind)?);
        figures.extend(files::measure(&guest, kind)?);
    }
    Ok(figures)
}

impl Kind {
    fn measure(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }

    fn figure(&self, what: &str, unit: &'static str, values: &[f64]) -> Figure {
        Figure::new(self.measure(what), unit, values, &BTreeMap::new())
    }

    fn spec(&self, guest: &Guest, image: &Path, script: &str) -> Value {
        let mut spec = guest.spec(script, [("image".into(), json!(image))].into_iter().collect());
        let mut put = |place: &str, field: &str, value: Value| {
            if let Some(fields) = spec.get_mut(place).and_then(Value::as_object_mut) {
                fields.insert(field.into(), value);
            }
        };
        put("machine", "memoryMib", json!(self.memory_mib));
        put("tools", "qemu", json!(self.qemu));
        if let Some(model) = self.cpu_model {
            put("machine", "cpuModel", json!(model));
        }
        spec
    }

    fn freeze(&self, guest: &Guest) -> Result<(), Problem> {
        let directory = tempfile::tempdir()?;
        let mut spec = self.spec(guest, &guest.image, "");
        if let Some(fields) = spec.as_object_mut() {
            fields.remove("script");
        }
        let template = self.template.to_string_lossy();
        guest.build(directory.path(), &spec, &["template", "--out", &template])
    }
}

/// The first two numbers of a QEMU's version.
fn version(qemu: &Path) -> Result<String, Problem> {
    let said = Command::new(qemu).arg("--version").output()?;
    let said = String::from_utf8(said.stdout)?;
    let version = said.split_whitespace().nth(3).ok_or_else(|| format!("{} is no QEMU", qemu.display()))?;
    Ok(version.split('.').take(2).collect::<Vec<_>>().join("."))
}

/// Seconds since 1970.
fn now() -> Result<f64, Problem> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64())
}

/// Starts a machine for [`SCRIPT`]; [`MOMENTS`] in seconds, from the start of our command.
fn once(guest: &Guest, spec: &Value) -> Result<[f64; MOMENTS.len()], Problem> {
    let directory = tempfile::tempdir()?;
    let began = now()?;
    guest.build(directory.path(), spec, &["run", "--times", "times.json"])?;
    let (running, session) = times(directory.path())?;
    let moment = |name: &str| -> Result<f64, Problem> {
        Ok(fs_err::read_to_string(directory.path().join(name))?.trim().parse()?)
    };
    let output = moment("output")? - began;
    let command = moment("again")? - moment("asked")?;
    Ok([running - began, session - began, output, command, output - command])
}

/// When the guest ran and when its session was there.
fn times(directory: &Path) -> Result<(f64, f64), Problem> {
    let times: Value = serde_json::from_str(&fs_err::read_to_string(directory.join("times.json"))?)?;
    let seconds = |field: &str| times.get(field).and_then(Value::as_f64).ok_or_else(|| format!("no {field}"));
    Ok((seconds("runningAt")?, seconds("readyAt")?))
}
