//! A layer: ours beside WFVM's procedure, with the same commands on the same image in turns.

use std::{collections::BTreeMap, path::Path, process::Command, time::Instant};

use serde_json::{Value, json};

use crate::{
    Problem, Wanted,
    figure::Figure,
    guest::{CORES, Guest, MEMORY_MIB, free_port, ssh},
};

const ROUNDS: usize = 3;

/// What the layer does.
const COMMANDS: [&str; 4] = [
    r"mkdir C:\bench",
    r"reg add HKLM\Software\Bench /v one /t REG_DWORD /d 1 /f",
    r"echo x> C:\bench\file.txt",
    r"type C:\bench\file.txt",
];

pub(crate) fn measure(_: &Wanted) -> Result<Vec<Figure>, Problem> {
    let guest = Guest::given()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut our_rest, mut their_rest) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let times = our_layer(&guest)?;
        let seconds = |field: &str| times.get(field).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let total = their_layer(&guest)?;
        ours.push(seconds("totalSeconds"));
        our_rest.push(seconds("otherSeconds"));
        theirs.push(total);
        // What the guest needs for the same work was measured a moment ago.
        let work = seconds("bootSeconds") + seconds("scriptSeconds") + seconds("shutdownSeconds");
        their_rest.push(total - work);
    }
    Ok(vec![
        Figure::new("layer", "s", &ours, &BTreeMap::from([("wfvm", theirs)])),
        Figure::new("layer-beyond", "s", &our_rest, &BTreeMap::from([("wfvm", their_rest)])),
    ])
}

fn our_layer(guest: &Guest) -> Result<Value, Problem> {
    let directory = tempfile::tempdir()?;
    let script: Vec<String> = COMMANDS.iter().map(|command| format!("win-exec '{command}'")).collect();
    let own = [("parent".into(), json!(guest.image)), ("strict".into(), json!(true))];
    let spec = guest.spec(&script.join("\n"), own.into_iter().collect());
    guest.build(directory.path(), &spec, &["layer", "--out", "out.img", "--times", "times.json"])?;
    Ok(serde_json::from_str(&fs_err::read_to_string(directory.path().join("times.json"))?)?)
}

/// WFVM's steps: an overlay, QEMU as a job, a pause of 20 s and then a try each second, a connection
/// for each command, `shutdown /s` with its half minute of grace, the end of QEMU.
fn their_layer(guest: &Guest) -> Result<f64, Problem> {
    let directory = tempfile::tempdir()?;
    let port = free_port()?;
    let ssh = ssh(guest, port);
    let commands: Vec<String> = COMMANDS.iter().map(|command| format!("{ssh} '{command}'")).collect();
    let script = format!(
        "set -e -m
        qemu-img create -q -f qcow2 -F qcow2 -b {image} c.img
        cp {tools}/FV/OVMF_VARS.fd vars.fd; chmod u+w vars.fd
        qemu-system-x86_64 -nodefaults -M q35 -accel tcg,thread=multi,tb-size=512 -cpu max -smp {CORES} \\
          -m {MEMORY_MIB} -display none -rtc base=2022-10-10T10:10:10 \\
          -drive if=pflash,unit=0,format=raw,readonly=on,file={tools}/FV/OVMF_CODE.fd \\
          -drive if=pflash,unit=1,format=raw,file=vars.fd \\
          -drive if=none,id=c,file=c.img,cache=unsafe -device ide-hd,bus=ide.0,drive=c \\
          -device VGA -netdev user,id=n1,net=192.168.1.0/24,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22 \\
          -device e1000e,netdev=n1,romfile= &
        sleep 20
        until [[ $({ssh} 'echo|set /p=\"Ran command\"') == 'Ran command' ]]; do sleep 1; done
        {commands}
        {ssh} 'shutdown /s'
        fg > /dev/null
        mv c.img out.img",
        image = guest.image.display(),
        tools = guest.tools.display(),
        commands = commands.join("\n"),
    );
    let began = Instant::now();
    bash(guest, directory.path(), &script)?;
    Ok(began.elapsed().as_secs_f64())
}

fn bash(guest: &Guest, directory: &Path, script: &str) -> Result<(), Problem> {
    let file = directory.join("script");
    fs_err::write(&file, script)?;
    let status = Command::new(guest.tools.join("bin/bash")).arg(&file).current_dir(directory).status()?;
    if status.success() { Ok(()) } else { Err(format!("WFVM's procedure ended with {status}").into()) }
}
