//! When a guest has come to rest, by what its processors and its disk do. A guest that is frozen in the
//! middle of its work wakes up there, and some never find out again.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::watch;

use crate::{
    machine::SYSTEM_DRIVE,
    progress::Progress,
    qemu::Qemu,
    qmp::{QmpError, query_blockstats},
    wait::{self, Cause, Deadline, Signs, WaitError},
};

/// How much of one CPU of the host a guest at rest may use: a translated one needs some percent for its clock.
const IDLE: f64 = 0.25;
/// What it may write meanwhile, in bytes per second: logs and the registry.
const TRICKLE: f64 = 256.0 * 1024.0;
/// How long it has to stay so.
const AT_REST: Duration = Duration::from_secs(2);
/// The kernel counts in hundredths of a second, as its interface is bound to (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// What was used up to some moment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    cpu_seconds: f64,
    written: u64,
}

/// Waits until the guest is at rest. One that does not come to it by its deadline is told.
pub(super) async fn wait(
    machine: &Qemu,
    signs: &watch::Receiver<Signs>,
    seconds: u64,
    progress: &Progress,
) -> Result<(), super::FreezeError> {
    progress.line("  waiting until the guest is idle");
    let mut last = String::new();
    let deadline = Deadline::after(seconds, "timeouts.settleSeconds");
    match wait::race("the guest's rest", at_rest(machine, &mut last), signs, deadline).await {
        Ok(ended) => Ok(ended?),
        Err(WaitError { cause: Cause::Deadline(deadline), .. }) => {
            progress.warning(&format!(
                "the guest did not come to rest: {deadline}; it is frozen as it is, with {last}"
            ));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn at_rest(machine: &Qemu, last: &mut String) -> Result<(), QmpError> {
    let cpus = machine.qmp().ask("query-cpus-fast", &json!({})).await?;
    let cpus = cpus.as_array().map(Vec::as_slice).unwrap_or_default();
    let threads: Vec<u64> = cpus.iter().filter_map(|cpu| cpu.get("thread-id")?.as_u64()).collect();
    let (mut before, mut at) = (look(machine, &threads).await?, Instant::now());
    let mut quiet = Duration::ZERO;
    while quiet < AT_REST {
        wait::poll_pause().await;
        let (now, then) = (look(machine, &threads).await?, Instant::now());
        let passed = then - at;
        let rates = rates(before, now, passed);
        *last = format!("{:.0} % of a CPU and {:.0} KiB/s written", rates.0 * 100.0, rates.1 / 1024.0);
        quiet = if rates.0 <= IDLE && rates.1 <= TRICKLE { quiet + passed } else { Duration::ZERO };
        (before, at) = (now, then);
    }
    Ok(())
}

/// CPUs and bytes per second.
fn rates(before: Look, now: Look, passed: Duration) -> (f64, f64) {
    let seconds = passed.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate of a few digits")]
    let written = now.written.saturating_sub(before.written) as f64;
    ((now.cpu_seconds - before.cpu_seconds) / seconds, written / seconds)
}

async fn look(machine: &Qemu, threads: &[u64]) -> Result<Look, QmpError> {
    let stats = machine.qmp().execute(query_blockstats {}).await?;
    let written =
        stats.iter().find(|drive| drive.device == SYSTEM_DRIVE).map_or(0, |drive| drive.stats.wr_bytes);
    // `/proc/THREAD/stat` would be that of all threads together. A thread that is gone uses nothing; QEMU's end has its own way to be known.
    let texts = threads
        .iter()
        .filter_map(|thread| fs_err::read_to_string(format!("/proc/{thread}/task/{thread}/stat")).ok());
    Ok(Look { cpu_seconds: texts.filter_map(|text| cpu_seconds(&text)).sum(), written })
}

/// The fields `utime` and `stime` of proc(5), behind a name that may have any characters.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<f64> =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_time_is_found_behind_a_name_with_brackets() {
        let stat = "7 (CPU 0/TCG) x) S 1 2 3 0 -1 0 0 0 0 0 150 50 0 0 20";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("7 (x) S 1"), None);
    }

    #[test]
    fn rates_are_per_second() {
        let before = Look { cpu_seconds: 1.0, written: 0 };
        let now = Look { cpu_seconds: 1.25, written: 1 << 20 };
        let (cpus, bytes) = rates(before, now, Duration::from_millis(500));
        assert!((cpus - 0.5).abs() < 1e-9 && (bytes - 2_097_152.0).abs() < 1e-3, "{cpus} {bytes}");
    }
}
