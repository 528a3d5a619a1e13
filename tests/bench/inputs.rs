//! What a derivation reads: a closure as a CD, beside `scp -r` into the same booted guest. Beside
//! Samba it is measured in the same run and without a guest, each by a client on the host, since
//! the reference guest's kernel has no `cifs`.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    process::{Child, Command},
};

use serde_json::json;

use crate::{
    Problem, Wanted,
    figure::Figure,
    guest::{Guest, free_port},
};

/// The closure: this many small files, and large ones for the rates, 1 GiB in all.
const FILES: usize = 20_000;
const DIRECTORIES: usize = 200;
const LARGE: usize = 64 << 20;
/// Of each way, how many large files are read from end to end, and how many here and there. No
/// file is read twice, since the guest would remember it.
const ROUNDS: usize = 3;
const CLOSURE: usize = 1 << 30;

/// By these names the script tells what it measured.
const SERIES: [(&str, &str, &str); 6] = [
    ("inputs-visible", "visible", "ms"),
    ("inputs-listed", "listed", "ms"),
    ("inputs-64-mib", "sequential", "ms"),
    ("inputs-read-4k", "random", "us"),
    ("host-visible", "serving", "ms"),
    ("host-64-mib", "host", "ms"),
];

pub(crate) fn measure(_: &Wanted) -> Result<Vec<Figure>, Problem> {
    let guest = Guest::given()?;
    let given =
        |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set: `scripts/bench` sets it"));
    let (samba, reader) = (given("WFVM_BENCH_SAMBA")?, given("WFVM_BENCH_READER")?);
    let directory = tempfile::tempdir()?;
    let here = directory.path();
    closure(&here.join("store/aaa-closure"))?;
    fs_err::create_dir_all(here.join("store/bbb-nothing"))?;
    fs_err::write(here.join("store/bbb-nothing/nothing"), "")?;

    let (monitor, ssh, smb) = (free_port()?, free_port()?, free_port()?);
    let words = [
        "-drive".to_owned(),
        format!(
            "if=none,id=s,media=cdrom,readonly=on,format=raw,file=nbd+unix:///?socket={}/first",
            here.display()
        ),
        "-device".into(),
        "ide-cd,id=store,bus=ide.3,drive=s".into(),
        "-qmp".into(),
        format!("tcp:127.0.0.1:{monitor},server=on,wait=off"),
    ];
    let script = include_str!("inputs.sh");
    let variables = format!(
        "builder={} sshpass={} samba={samba} reader={reader} monitor={monitor} ssh_port={ssh} smb_port={smb} files={FILES} rounds={ROUNDS}\n",
        guest.builder.display(),
        guest.sshpass.display()
    );
    let own = [("image".into(), json!(guest.image)), ("network".into(), json!({ "sshPort": ssh }))];
    let mut spec = guest.spec(&(variables + script), own.into_iter().collect());
    if let Some(machine) = spec.get_mut("machine").and_then(|machine| machine.as_object_mut()) {
        machine.insert("extraQemuFlags".into(), json!(words));
    }
    // The drive is there when the machine starts; what is measured is put into it later.
    let mut first = first_medium(&guest, here)?;
    let ended = guest.build(here, &spec, &["run"]);
    let _ = first.kill();
    let _ = first.wait();
    ended?;
    figures(here)
}

/// Serves a volume with nothing in it.
fn first_medium(guest: &Guest, here: &Path) -> Result<Child, Problem> {
    let mut command = Command::new(&guest.builder);
    command.args(["store-volume", "--persistent", "--socket"]).arg(here.join("first"));
    Ok(command.arg(here.join("store/bbb-nothing")).spawn()?)
}

fn closure(root: &Path) -> Result<(), Problem> {
    // Nothing that a cable or a disk could make smaller.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .take(LARGE / 8)
    .flatten()
    .collect();
    let large = 2 * ROUNDS;
    let small = (CLOSURE - large * LARGE) / FILES;
    for number in 0..FILES {
        let place = root.join(format!("{:03}", number % DIRECTORIES));
        if number < DIRECTORIES {
            fs_err::create_dir_all(&place)?;
        }
        let at = number * 31 % (LARGE - small);
        fs_err::write(place.join(format!("file {number}.dat")), noise.get(at..at + small).unwrap_or(&noise))?;
    }
    for number in 0..large {
        let mut file = fs_err::File::create(root.join(format!("large{number}")))?;
        file.write_all(&number.to_le_bytes())?;
        file.write_all(noise.get(8..).unwrap_or(&noise))?;
    }
    Ok(())
}

/// From lines `SERIES WAY VALUE`.
fn figures(directory: &Path) -> Result<Vec<Figure>, Problem> {
    let text = fs_err::read_to_string(directory.join("measured"))?;
    let mut figures = Vec::new();
    for (measure, series, unit) in SERIES {
        let mut ways: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let &[told, way, value] = words.as_slice() else {
                return Err(format!("no figure: {line}").into());
            };
            let known = ["ours", "scp", "samba"].into_iter().find(|known| *known == way);
            if told == series {
                ways.entry(known.ok_or("an unknown way")?).or_default().push(value.parse()?);
            }
        }
        let ours = ways.remove("ours").ok_or_else(|| format!("{series} was not measured"))?;
        figures.push(Figure::new(measure, unit, &ours, &ways));
    }
    Ok(figures)
}
