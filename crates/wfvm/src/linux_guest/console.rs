//! What a kernel's console says about a guest's end.

/// Why a guest ended without a word of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The kernel panicked; its words.
    Panic(String),
    /// Nothing that is known.
    Unknown,
}

/// The program that the kernel killed last, because there was no memory left.
pub(super) fn out_of_memory(console: &str) -> Option<String> {
    // `Out of memory: Killed process 92 (cc1) total-vm:…`, and with `oom_kill_allocating_task` or in a
    // group of its own other words before the colon.
    let line = console.lines().rev().find(|line| line.contains(": Killed process "))?;
    let name = line.split_once('(')?.1.split_once(')')?.0;
    Some(name.to_owned())
}

/// How the kernel ended.
pub(super) fn end(console: &str) -> End {
    // The first: later lines repeat it.
    let panic = console.lines().find_map(|line| {
        let (_, words) = line.split_once("Kernel panic - not syncing: ")?;
        Some(words.trim().to_owned())
    });
    panic.map_or(End::Unknown, End::Panic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_victim_of_a_lack_of_memory_is_named() {
        let console = "[    9.1] Out of memory: Killed process 90 (as) total-vm:1kB\r\n\
                       [    9.2] Out of memory: Killed process 92 (cc1) total-vm:1kB, anon-rss:2kB\r\n[ 9.3] x";
        assert_eq!(out_of_memory(console).as_deref(), Some("cc1"));
        assert_eq!(out_of_memory("[ 1.0] Freeing unused memory"), None);
    }

    #[test]
    fn a_panic_is_told_in_the_kernels_words() {
        let console = "[ 1.0] a\r\n[    9.1] Kernel panic - not syncing: System is deadlocked on memory\r\n\
                       [    9.2] ---[ end Kernel panic - not syncing: System is deadlocked on memory ]---\r\n";
        assert_eq!(end(console), End::Panic("System is deadlocked on memory".into()));
        assert_eq!(end("[ 1.0] reboot: Power down"), End::Unknown);
    }
}
