//! Eight clones of one template at once: when their sessions are there, and what memory they have for
//! themselves, as part of one guest's.

use std::{
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use super::{Kind, now, times};
use crate::{Problem, figure::Figure, guest::Guest};

const CLONES: usize = 8;
/// Of eight guests on few processors.
const PATIENCE: Duration = Duration::from_secs(1200);

const SCRIPT: &str = "until_there() { until [ -e \"$1\" ]; do sleep 0.1; done; }
touch ready
until_there ../go
win-exec 'echo x' > output
touch done
until_there ../end";

/// KiB of all clones.
#[derive(Default)]
struct Held {
    proportional: f64,
    private: f64,
    /// Pages of the guests' own memory.
    guests: f64,
}

/// Ends what it holds, however the measure ends.
struct Clones(Vec<Child>);

impl Drop for Clones {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(super) fn measure(guest: &Guest, kind: &Kind) -> Result<Vec<Figure>, Problem> {
    let directory = tempfile::tempdir()?;
    let here = directory.path();
    let spec = kind.spec(guest, &kind.template, SCRIPT).to_string();
    let (mut clones, mut began) = (Clones(Vec::new()), Vec::new());
    let names: Vec<String> = (0..CLONES).map(|number| number.to_string()).collect();
    for name in &names {
        let own = here.join(name);
        fs_err::create_dir(&own)?;
        fs_err::write(own.join("spec.json"), &spec)?;
        began.push(now()?);
        let mut command = Command::new(&guest.builder);
        command.args(["run", "--spec", "spec.json", "--times", "times.json"]).current_dir(&own);
        clones.0.push(command.spawn()?);
    }
    let each = |file: &str| -> Vec<_> { names.iter().map(|name| here.join(name).join(file)).collect() };
    all_there(&mut clones, &each("ready"))?;
    let resumed = held(&kind.template)?;
    fs_err::write(here.join("go"), "")?;
    all_there(&mut clones, &each("done"))?;
    let used = held(&kind.template)?;
    fs_err::write(here.join("end"), "")?;
    for child in &mut clones.0 {
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("one of {CLONES} clones ended with {status}").into());
        }
    }
    let mut sessions = Vec::new();
    for (name, began) in names.iter().zip(began) {
        sessions.push(times(&here.join(name))?.1 - began);
    }
    let percent = |kib: f64| [kib / 1024.0 / f64::from(kind.memory_mib) * 100.0];
    let mut figures = vec![kind.figure("eight-session", "s", &sessions)];
    for (when, held) in [("resumed", resumed), ("used", used)] {
        for (what, kib) in
            [("pss", held.proportional), ("private", held.private), ("guest-private", held.guests)]
        {
            figures.push(kind.figure(&format!("eight-{when}-{what}"), "%", &percent(kib)));
        }
    }
    Ok(figures)
}

fn all_there(clones: &mut Clones, files: &[std::path::PathBuf]) -> Result<(), Problem> {
    let began = Instant::now();
    while !files.iter().all(|file| file.exists()) {
        for child in &mut clones.0 {
            if let Some(status) = child.try_wait()? {
                return Err(format!("one of {CLONES} clones ended early with {status}").into());
            }
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("{CLONES} clones were not there after {} s", PATIENCE.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// What every QEMU holds that has the template's memory.
fn held(template: &Path) -> Result<Held, Problem> {
    let memory = template.join("memory");
    let word = format!("mem-path={},", memory.display());
    let (mut held, mut found) = (Held::default(), 0);
    for entry in fs_err::read_dir("/proc")? {
        let process = entry?.path();
        // Most are none of ours, and some are gone by now.
        let Ok(words) = fs_err::read(process.join("cmdline")) else { continue };
        if !String::from_utf8_lossy(&words).contains(&word) {
            continue;
        }
        found += 1;
        let all = fs_err::read_to_string(process.join("smaps_rollup"))?;
        held.proportional += kib(&all, "Pss");
        held.private += kib(&all, "Private_Clean") + kib(&all, "Private_Dirty");
        let maps = fs_err::read_to_string(process.join("smaps"))?;
        held.guests += of_file(&maps, &memory.to_string_lossy());
    }
    if found != CLONES {
        return Err(format!("{found} machines have {}, not {CLONES}", memory.display()).into());
    }
    Ok(held)
}

/// The sum of a field of smaps(5).
fn kib(text: &str, field: &str) -> f64 {
    let values = text.lines().filter_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    values.filter_map(|value| value.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()).sum()
}

/// The pages that a process has written of a file that it maps privately.
fn of_file(maps: &str, file: &str) -> f64 {
    let (mut inside, mut sum) = (false, 0.0);
    for line in maps.lines() {
        // Fields have a colon behind the first word, mappings have none there.
        if line.split_whitespace().next().is_some_and(|word| !word.ends_with(':')) {
            inside = line.ends_with(file);
        } else if inside && line.starts_with("Private_Dirty") {
            sum += kib(line, "Private_Dirty");
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_mapping_of_the_memory_counts_as_the_guests() {
        let maps = "1-2 rw-p 0 0:0 1   /t/memory\nPss:   9 kB\nPrivate_Dirty:   4 kB\n\
                    2-3 rw-p 0 0:0 0 \nPrivate_Dirty:   8 kB\n";
        assert!((of_file(maps, "/t/memory") - 4.0).abs() < 1e-9);
        assert!((kib(maps, "Private_Dirty") - 12.0).abs() < 1e-9);
    }
}
