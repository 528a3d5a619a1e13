//! A command in the guest: `win-exec` over the one connection of its owner, beside WFVM's way, a
//! connection for each command. Both run the same command in the same guest, in turns.

use std::{collections::BTreeMap, path::Path};

use serde_json::json;

use crate::{
    Problem, Wanted,
    figure::Figure,
    guest::{Guest, free_port, ssh},
};

const ROUNDS: usize = 40;

pub(crate) fn measure(_: &Wanted) -> Result<Vec<Figure>, Problem> {
    let guest = Guest::given()?;
    let directory = tempfile::tempdir()?;
    let port = free_port()?;
    // The first command of each way warms the guest and is not counted.
    let script = format!(
        "took() {{ local began=$EPOCHREALTIME; \"$@\" > /dev/null; echo \"$name ${{began/./}} ${{EPOCHREALTIME/./}}\"; }}
        anchor() {{ {ssh} \"$1\"; }}
        win-exec 'echo x'; anchor 'echo x'
        for round in $(seq {ROUNDS}); do
            name=ours took win-exec 'echo x'
            name=anchor took anchor 'echo x'
        done > times",
        ssh = ssh(&guest, port)
    );
    let own = [("image".into(), json!(guest.image)), ("network".into(), json!({ "sshPort": port }))];
    let spec = guest.spec(&script, own.into_iter().collect());
    guest.build(directory.path(), &spec, &["run"])?;
    let ours = milliseconds(directory.path(), "ours")?;
    let anchor = milliseconds(directory.path(), "anchor")?;
    if ours.len() != ROUNDS || anchor.len() != ROUNDS {
        return Err(format!("{} and {} rounds were measured of {ROUNDS}", ours.len(), anchor.len()).into());
    }
    Ok(vec![Figure::new("exec", "ms", &ours, &BTreeMap::from([("sshpass-ssh", anchor)]))])
}

/// From lines `NAME BEGAN ENDED`, in microseconds.
fn milliseconds(directory: &Path, name: &str) -> Result<Vec<f64>, Problem> {
    let text = fs_err::read_to_string(directory.join("times"))?;
    let mut values = Vec::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        if words.next() == Some(name) {
            let (began, ended) = (words.next(), words.next());
            let (Some(began), Some(ended)) = (began, ended) else {
                return Err(format!("no times: {line}").into());
            };
            values.push((ended.parse::<f64>()? - began.parse::<f64>()?) / 1000.0);
        }
    }
    Ok(values)
}
