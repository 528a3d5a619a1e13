//! The builder's root directory: in memory, or on a disk.

use std::{
    ffi::CString,
    io,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_move, mount_remount, unmount};

use super::{EARLY_EXCHANGE, InitError, doing, mount_9p};
use crate::linux_guest::order::{BUILD_TOP, EXCHANGE, LAID_FILE, Order, STORE};

const NEW_ROOT: &str = "/new-root";
/// How much of the memory files may fill, so that programs have the rest.
const BUILD_TOP_OPTIONS: &std::ffi::CStr = c"mode=1777,size=75%";

/// Makes the root and enters it.
pub(super) fn enter(order: &Order) -> Result<(), InitError> {
    match &order.root_device {
        Some(device) => mount_disk(Path::new(device))?,
        None => mount("root", NEW_ROOT, "tmpfs", MountFlags::empty(), Some(c"mode=0755"))
            .map_err(doing("the root"))?,
    }
    let root = Path::new(NEW_ROOT);
    for directory in ["dev", "proc", "sys", "run", "tmp"] {
        fs_err::create_dir_all(root.join(directory)).map_err(doing("the root"))?;
    }
    if order.root_device.is_none() {
        fill(root, order).map_err(doing("the root"))?;
    }
    for directory in ["dev", "proc", "sys"] {
        mount_move(format!("/{directory}"), root.join(directory)).map_err(doing(directory))?;
    }
    let memory = |at: &str, options| {
        let target = root.join(at);
        fs_err::create_dir_all(&target).map_err(doing(at))?;
        mount("tmpfs", &target, "tmpfs", MountFlags::empty(), Some(options)).map_err(doing(at))
    };
    memory("run", c"mode=0755")?;
    memory("tmp", BUILD_TOP_OPTIONS)?;
    memory("dev/shm", c"mode=1777")?;
    let pts = root.join("dev/pts");
    fs_err::create_dir_all(&pts).map_err(doing("dev/pts"))?;
    mount("devpts", &pts, "devpts", MountFlags::empty(), Some(c"mode=0620,ptmxmode=0666"))
        .map_err(doing("dev/pts"))?;
    for (name, target) in [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
    {
        symlink(target, root.join("dev").join(name)).map_err(doing("/dev"))?;
    }
    // Written by the guest, the result is new to the host; all else never changes.
    let store = order.store_directory.strip_prefix("/").unwrap_or(&order.store_directory);
    mount_9p(STORE, &root.join(store), "loose")?;
    if order.interactive {
        writable_in_memory(&root.join(store))?;
    }
    let exchange = root.join("tmp").join(EXCHANGE);
    fs_err::create_dir_all(&exchange).map_err(doing("the exchange directory"))?;
    mount_move(EARLY_EXCHANGE, &exchange).map_err(doing("the exchange directory"))?;
    let laid = fs_err::read_to_string(exchange.join(LAID_FILE)).map_err(doing(LAID_FILE))?;
    for name in laid.lines() {
        symlink(Path::new(EXCHANGE).join(name), root.join("tmp").join(name))
            .map_err(doing("the build directory"))?;
    }

    rustix::process::chdir(NEW_ROOT).map_err(doing("the new root"))?;
    mount_move(".", "/").map_err(doing("the new root"))?;
    rustix::process::chroot(".").map_err(doing("the new root"))?;
    rustix::process::chdir("/").map_err(doing("the new root"))?;
    if let Some(modprobe) = &order.modprobe {
        fs_err::write("/proc/sys/kernel/modprobe", modprobe.as_os_str().as_encoded_bytes())
            .map_err(doing("modprobe"))?;
    }
    Ok(())
}

/// What programs expect of any root.
fn fill(root: &Path, order: &Order) -> io::Result<()> {
    for directory in ["etc", "bin"] {
        fs_err::create_dir_all(root.join(directory))?;
    }
    fs_err::write(root.join("etc/passwd"), "root:x:0:0:System administrator:/root:/bin/sh\n")?;
    fs_err::write(root.join("etc/group"), "root:x:0:\n")?;
    fs_err::write(root.join("etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n")?;
    symlink(&order.shell, root.join("bin/sh"))?;
    fs_err::create_dir_all(root.join("root"))?;
    fs_err::set_permissions(root.join("root"), PermissionsExt::from_mode(0o700))
}

/// With the first file system of the kernel's that takes it.
fn mount_disk(device: &Path) -> Result<(), InitError> {
    let what = format!("the root on {}", device.display());
    let known = fs_err::read_to_string("/proc/filesystems").map_err(doing(what.clone()))?;
    let mut last = io::Error::other("the kernel has no file system for it");
    for kind in known.lines().filter(|line| !line.starts_with("nodev")).map(str::trim) {
        match mount(device, NEW_ROOT, kind, MountFlags::empty(), None) {
            Ok(()) => return Ok(()),
            // That it is not one of this kind.
            Err(rustix::io::Errno::INVAL) => {}
            Err(error) => last = error.into(),
        }
    }
    Err(InitError { doing: what, source: last })
}

/// What a person builds again by hand stays in memory.
fn writable_in_memory(store: &Path) -> Result<(), InitError> {
    let what = "the store's upper layer";
    let [upper, work] = ["upper", "work"].map(|name| Path::new(NEW_ROOT).join("run/wfvm-store").join(name));
    for directory in [&upper, &work] {
        fs_err::create_dir_all(directory).map_err(doing(what))?;
    }
    let [store_, upper, work] = [store, &upper, &work].map(Path::display);
    let options = format!("lowerdir={store_},upperdir={upper},workdir={work}");
    let options = CString::new(options).unwrap_or_default();
    mount("overlay", store, "overlay", MountFlags::empty(), options.as_c_str()).map_err(doing(what))
}

/// Lets nothing be lost at the machine's end. What is still in use stays.
pub(super) fn leave(order: &Order) {
    rustix::fs::sync();
    let _ = unmount(&order.store_directory, UnmountFlags::empty());
    let _ = mount_remount("/", MountFlags::RDONLY, c"");
    let _ = rustix::process::chdir(BUILD_TOP);
}
