//! The requests to the kernel that have no safe form.
#![expect(
    unsafe_code,
    reason = "ioctl takes untyped memory; the layouts are the kernel's, from include/uapi/linux"
)]

use std::os::fd::{AsFd, AsRawFd};

use rustix::ioctl::{NoArg, Setter, Updater, ioctl};

const LOOP_CONFIGURE: u32 = 0x4C0A;
const BLKRRPART: u32 = 0x125F;
const FITRIM: u32 = 0xC018_5879;
const RTC_SET_TIME: u32 = 0x4024_700A;
const LO_FLAGS_READ_ONLY: u64 = 1;
const LO_FLAGS_AUTOCLEAR: u64 = 4;
// struct loop_config is 304 bytes, all of it made of whole 64-bit words or pairs of 32-bit words.
const LOOP_CONFIG_WORDS: usize = 38;

/// Attaches part of a file to a loop device, read-only, until its last user is gone.
pub(crate) fn configure_loop(
    device: impl AsFd,
    backing: &impl AsRawFd,
    offset: u64,
    size: u64,
) -> rustix::io::Result<()> {
    let mut words = [0_u64; LOOP_CONFIG_WORDS];
    let fields = [
        (0, u64::from(backing.as_raw_fd().unsigned_abs())), // fd; block_size 0 = default
        (4, offset),                                        // info.lo_offset
        (5, size),                                          // info.lo_sizelimit
        (7, (LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR) << 32), // info.lo_flags
    ];
    for (index, value) in fields {
        if let Some(word) = words.get_mut(index) {
            *word = value;
        }
    }
    // SAFETY: LOOP_CONFIGURE reads one `struct loop_config`, which is as large as `words`.
    unsafe { ioctl(device, Setter::<LOOP_CONFIGURE, [u64; LOOP_CONFIG_WORDS]>::new(words)) }
}

/// Makes the kernel read a disk's partition table again.
pub(crate) fn reread_partitions(disk: impl AsFd) -> rustix::io::Result<()> {
    // SAFETY: BLKRRPART takes no argument.
    unsafe { ioctl(disk, NoArg::<BLKRRPART>::new()) }
}

/// Discards what a file system does not use; how many bytes.
pub(crate) fn trim(directory: impl AsFd) -> rustix::io::Result<u64> {
    // struct fstrim_range: start, length, smallest extent; the length becomes what was discarded.
    let mut range = [0, u64::MAX, 0];
    // SAFETY: FITRIM reads and writes one `struct fstrim_range`, which is three 64-bit words.
    unsafe { ioctl(directory, Updater::<FITRIM, [u64; 3]>::new(&mut range)) }?;
    Ok(range[1])
}

/// Sets a clock that runs on without the machine. Year is that of the calendar, months begin with 1.
pub(crate) fn set_hardware_clock(
    clock: impl AsFd,
    [year, month, day, hour, minute, second]: [i32; 6],
) -> rustix::io::Result<()> {
    // struct rtc_time has years since 1900, months since January, and three fields that are not looked at.
    let time = [second, minute, hour, day, month - 1, year - 1900, 0, 0, 0];
    // SAFETY: RTC_SET_TIME reads one `struct rtc_time`, which is nine 32-bit integers.
    unsafe { ioctl(clock, Setter::<RTC_SET_TIME, [i32; 9]>::new(time)) }
}
