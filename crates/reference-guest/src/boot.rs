//! From the kernel's start to the decision which stage this is: a disk that
//! holds an installed system starts it, otherwise Setup runs from the medium.

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount, mount_bind, mount_bind_recursive};

use crate::block::{self, Kind, Mounted};
use crate::image::apply;
use crate::image::wim::Wim;
use crate::{initramfs, ioctl, panther, wait};

/// The system volume, as this program and Wine see it.
pub(crate) const SYSTEM_VOLUME: &str = "/c";
/// The installation medium while Setup runs.
pub(crate) const INSTALLATION_MEDIUM: &str = "/installation-medium";
/// The installed root file system; its presence makes a volume a system volume.
pub(crate) const ROOT_BLOB: &str = "Windows/reference-guest.sqfs";

const NEW_ROOT: &str = "/sysroot";
const MODULES: &str = "/modules";
// Nothing in storage depends on these, so the system volume can be mounted before they are loaded.
const NOT_STORAGE: [&str; 22] = [
    "usb",
    "uas",
    "xhci",
    "ehci",
    "uhci",
    "ohci",
    "hid",
    "e1000",
    "virtio_net",
    "net_failover",
    "failover",
    "virtio_rng",
    "virtio_balloon",
    "virtio_console",
    "9p",
    "netfs",
    "fscache",
    "cifs",
    "floppy",
    "evdev",
    "button",
    "serio",
];
const USB_MASS_STORAGE_CLASS: &str = "08";

/// What the machine has been started for.
pub(crate) enum Stage {
    Installed { system_disk: String },
    Setup(SetupMedium),
}

/// The medium that Setup runs from.
pub(crate) struct SetupMedium {
    pub(crate) path: PathBuf,
    pub(crate) wim: Wim,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    #[error("no installed system and no medium with sources/install.wim was found")]
    NothingToStart,
    #[error("{doing}")]
    Io { doing: String, source: io::Error },
    #[error("sources/install.wim")]
    Wim(#[from] crate::image::wim::WimError),
}

fn doing<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> GuestError {
    let what = what.into();
    |error| GuestError::Io { doing: what, source: error.into() }
}

/// Loads drivers, finds what to start and makes it the root directory. The
/// handle is the loading of what is not needed for that: network, USB.
pub(crate) fn start() -> Result<(Stage, thread::JoinHandle<()>), GuestError> {
    let order = fs::read_to_string(Path::new(MODULES).join("order")).map_err(doing("the list of drivers"))?;
    let (later, storage): (Vec<String>, Vec<String>) = order
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .partition(|line| NOT_STORAGE.iter().any(|name| module_name(line).starts_with(name)));
    let drivers = fs::File::open(MODULES).map_err(doing("the directory of drivers"))?;
    load(&drivers, &storage);
    panther::info("BOOT", format!("{} storage drivers loaded", storage.len()));
    let others = thread::spawn(move || {
        load(&drivers, &later);
        panther::info("BOOT", format!("{} other drivers loaded", later.len()));
    });
    if let Some(disk) = mount_installed() {
        let blob =
            fs::File::open(Path::new(SYSTEM_VOLUME).join(ROOT_BLOB)).map_err(doing("the installed root"))?;
        let size = blob.metadata().map_err(doing("the installed root"))?.len();
        enter_root(&blob, 0, size)?;
        return Ok((Stage::Installed { system_disk: disk }, others));
    }
    let (medium, wim) = find_medium()?;
    let blob = wim.blob("Windows.sqfs")?;
    let file = fs::File::open(medium.join("sources/install.wim")).map_err(doing("sources/install.wim"))?;
    enter_root(&file, blob.offset, blob.size)?;
    Ok((Stage::Setup(SetupMedium { path: PathBuf::from(INSTALLATION_MEDIUM), wim }), others))
}

fn module_name(line: &str) -> &str {
    line.rsplit(' ').next().unwrap_or(line)
}

/// Loads modules in their order. A line may begin with `?PNPID`: load only where ACPI has such a device
/// (the floppy driver probes for seconds where there is no controller). The directory is an open one,
/// because its path is gone once the root directory is another. Parameters are those that the kernel's command
/// line has for the module.
fn load(directory: &fs::File, lines: &[String]) {
    let command_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    for line in lines {
        if let Some((condition, _)) = line.strip_prefix('?').and_then(|rest| rest.split_once(' ')) {
            let present =
                block::entries("/sys/bus/acpi/devices").iter().any(|device| device.starts_with(condition));
            if !present {
                continue;
            }
        }
        let name = module_name(line);
        let parameters = parameters(&command_line, name);
        let loaded = open_in(directory, name)
            .and_then(|file| rustix::system::finit_module(&file, &parameters, 0))
            .or_else(|error| match error {
                // With Secure Boot Linux asks for the signature.
                Errno::PERM | Errno::KEYREJECTED => {
                    rustix::system::init_module(&signed(directory, name)?, &parameters)
                }
                error => Err(error),
            });
        match loaded {
            Ok(()) | Err(Errno::EXIST) => {}
            // A virtual machine lacks most of the hardware that the modules are for.
            Err(error) => panther::info("BOOT", format!("the driver {name} is not loaded: {error}")),
        }
    }
}

fn open_in(directory: &fs::File, name: &str) -> Result<OwnedFd, Errno> {
    openat(directory.file(), name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

/// A module with its signature, as it was built.
fn signed(directory: &fs::File, name: &str) -> Result<Vec<u8>, Errno> {
    let mut image = Vec::new();
    for part in [name, &initramfs::signature_of(name)] {
        let file = open_in(directory, part)?;
        loop {
            image.reserve(1 << 16);
            if rustix::io::read(&file, rustix::buffer::spare_capacity(&mut image))? == 0 {
                break;
            }
        }
    }
    Ok(image)
}

/// A module's parameters, `NAME=VALUE …`, which on a command line are `MODULE.NAME=VALUE`. The kernel itself
/// gives them only to what is built into it; for modules this is modprobe's part.
fn parameters(command_line: &str, file: &str) -> CString {
    let plain = |name: &str| name.replace('-', "_");
    let module = plain(file.strip_suffix(".ko").unwrap_or(file));
    let words = command_line.split_whitespace().filter_map(|word| {
        let (name, parameter) = word.split_once('.')?;
        (plain(name) == module).then_some(parameter)
    });
    CString::new(words.collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

// Offset 3 of an NTFS boot sector: the OEM name.
fn is_ntfs(device: &Path) -> bool {
    use std::io::Read as _;
    let mut sector = [0_u8; 512];
    let read = fs::File::open(device).and_then(|mut file| file.read_exact(&mut sector));
    read.is_ok() && sector.get(3..11) == Some(b"NTFS    ")
}

/// Mounts an NTFS volume for reading and writing.
pub(crate) fn mount_ntfs(device: &Path, at: &Path) -> io::Result<()> {
    fs::create_dir_all(at)?;
    // "force": a machine that was killed leaves the volume marked dirty, and Windows starts from it all the same.
    // "discard": what is deleted is given back to the disk at once, and all that is free when a retrim is asked for.
    mount(device, at, "ntfs3", MountFlags::NOATIME, Some(c"force,discard"))?;
    Ok(())
}

fn mount_installed() -> Option<String> {
    for disk in block::disks().into_iter().filter(|disk| disk.kind == Kind::Fixed) {
        for device in disk.volumes().into_iter().filter(|device| is_ntfs(device)) {
            match mount_ntfs(&device, Path::new(SYSTEM_VOLUME)) {
                Ok(()) if Path::new(SYSTEM_VOLUME).join(ROOT_BLOB).exists() => return Some(disk.name),
                Ok(()) => drop(Mounted { path: PathBuf::from(SYSTEM_VOLUME) }),
                Err(error) => panther::warning("BOOT", format!("{}: {error}", device.display())),
            }
        }
    }
    None
}

fn find_medium() -> Result<(PathBuf, Wim), GuestError> {
    let at = Path::new(INSTALLATION_MEDIUM);
    let search = || {
        block::disks().iter().filter(|disk| disk.kind == Kind::Optical).find_map(|disk| {
            let mounted = block::mount_medium(&disk.device(), Kind::Optical, at).ok()?;
            mounted.path.join("sources/install.wim").exists().then(|| mounted.keep())
        })
    };
    let medium = wait::until(Duration::from_secs(10), search).ok_or(GuestError::NothingToStart)?;
    let wim = Wim::open(&medium.join("sources/install.wim"))?;
    Ok((medium, wim))
}

/// Makes part of a file the root directory, below an overlay in memory.
fn enter_root(blob: &fs::File, offset: u64, size: u64) -> Result<(), GuestError> {
    for directory in ["/lower", "/overlay", NEW_ROOT] {
        fs::create_dir_all(directory).map_err(doing(directory))?;
    }
    let device = Path::new("/dev/loop0");
    let loop_device = fs::File::open(device).map_err(doing("the loop device"))?;
    ioctl::configure_loop(loop_device.file(), blob.file(), offset, size).map_err(doing("the root blob"))?;
    mount(device, "/lower", "squashfs", MountFlags::RDONLY, None).map_err(doing("the root file system"))?;
    drop(loop_device);
    mount("tmpfs", "/overlay", "tmpfs", MountFlags::empty(), None).map_err(doing("the overlay"))?;
    for directory in ["/overlay/upper", "/overlay/work"] {
        fs::create_dir_all(directory).map_err(doing(directory))?;
    }
    let options =
        CString::new("lowerdir=/lower,upperdir=/overlay/upper,workdir=/overlay/work").unwrap_or_default();
    mount("overlay", NEW_ROOT, "overlay", MountFlags::empty(), options.as_c_str())
        .map_err(doing("the root directory"))?;
    for (source, target, recursive) in [
        ("/proc", "/proc", true),
        ("/sys", "/sys", true),
        ("/dev", "/dev", true),
        ("/run", "/run", true),
        ("/lower", apply::IMAGE, false),
        (SYSTEM_VOLUME, SYSTEM_VOLUME, false),
        (INSTALLATION_MEDIUM, INSTALLATION_MEDIUM, false),
    ] {
        let target = format!("{NEW_ROOT}{target}");
        fs::create_dir_all(&target).map_err(doing(target.clone()))?;
        if !Path::new(source).exists() {
            continue;
        }
        let bound = if recursive {
            mount_bind_recursive(source, target.as_str())
        } else {
            mount_bind(source, target.as_str())
        };
        bound.map_err(doing(target.clone()))?;
    }
    rustix::process::chroot(NEW_ROOT).map_err(doing("the new root"))?;
    rustix::process::chdir("/").map_err(doing("the new root"))?;
    Ok(())
}

/// Waits until the USB sticks that are plugged in are disks: the bus tells nobody that it has
/// finished looking, so it counts as settled when nothing new has come for a while.
pub(crate) fn settle_usb() {
    const QUIET: Duration = Duration::from_millis(400);
    let mut seen = Vec::new();
    let mut since = Instant::now();
    let settled = wait::until(Duration::from_secs(20), || {
        let devices = block::entries("/sys/bus/usb/devices");
        if devices != seen {
            seen = devices;
            since = Instant::now();
        }
        let sticks = seen
            .iter()
            .filter(|name| {
                fs::read_to_string(format!("/sys/bus/usb/devices/{name}/bInterfaceClass"))
                    .is_ok_and(|class| class.trim() == USB_MASS_STORAGE_CLASS)
            })
            .count();
        let disks =
            block::disks().iter().filter(|disk| disk.bus == block::Bus::Usb && disk.size_bytes > 0).count();
        (disks >= sticks && since.elapsed() >= QUIET).then_some(())
    });
    if settled.is_none() {
        panther::warning("BOOT", "a USB mass storage device did not become a disk");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_gets_the_parameters_that_the_command_line_has_for_it() {
        let line =
            "quiet usb-storage.delay_use=0 cdrom.lockdoor=0 a=b.c usb_storage.quirks=1:2:i console=tty0\n";
        assert_eq!(parameters(line, "usb-storage.ko").as_c_str(), c"delay_use=0 quirks=1:2:i");
        assert_eq!(parameters(line, "cdrom.ko").as_c_str(), c"lockdoor=0");
        assert_eq!(parameters(line, "storage.ko").as_c_str(), c"");
    }
}
