//! The guest's processor.

use super::{Acceleration, TRANSLATED_MODEL};
use crate::spec::Machine;

/// What of Microsoft's Hyper-V KVM can imitate and Windows uses where it finds it ("Hypervisor Top Level Functional
/// Specification"; QEMU's documentation, "Hyper-V Enlightenments"). Without them a guest waits for locks whose owner
/// does not run, and reads its clock from slow devices. Each is there since Linux 4.20 at the latest. They are named one by one,
/// since `hv-passthrough` means another machine on each host. Translation has none of them: QEMU takes the words and does nothing.
const ENLIGHTENMENTS: [&str; 11] = [
    // No watchdog for lost time: a virtual processor may stand still for long.
    "hv-relaxed",
    // Ends of interrupts without an exit.
    "hv-vapic",
    // After so many tries for a lock the host is told, which runs its owner.
    "hv-spinlocks=0x1fff",
    // Processors by number, which the next ones refer to.
    "hv-vpindex",
    // How long a processor really ran.
    "hv-runtime",
    // Time from a page of memory instead of a device.
    "hv-time",
    // Messages and timers of the hypervisor's own, instead of the RTC's interrupts.
    "hv-synic",
    "hv-stimer",
    // Frequencies of TSC and APIC are told and need not be measured.
    "hv-frequencies",
    // One call for what would be an interrupt to each processor.
    "hv-tlbflush",
    "hv-ipi",
];

/// The word behind `-cpu`. A model that is named stands for itself, with whatever flags it is given.
pub(crate) fn processor(machine: &Machine, acceleration: Acceleration) -> String {
    match (&machine.cpu_model, acceleration) {
        (Some(model), _) => model.clone(),
        (None, Acceleration::Kvm) => format!("host,{}", ENLIGHTENMENTS.join(",")),
        (None, Acceleration::Tcg) => TRANSLATED_MODEL.to_owned(),
    }
}
