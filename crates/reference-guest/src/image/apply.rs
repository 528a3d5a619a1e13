//! Laying the image down: the root blob, drive C: with its registry, and what the firmware starts.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use fs_err as fs;
use rustix::mount::{MountFlags, mount};

use super::wim::{Blob, ImageDescription};
use crate::boot::{self, SYSTEM_VOLUME};
use crate::boot_option::BootOption;
use crate::disk_configuration::plan::Format;
use crate::disk_configuration::{Esp, Volumes};
use crate::registry::{Hive, Value};
use crate::{panther, uefi_variables, windows_path};

/// The read-only image that Setup runs from, without what Setup has changed above it.
pub(crate) const IMAGE: &str = "/image";
/// Where the registry's files are, below the system volume.
pub(crate) const CONFIG: &str = "Windows/system32/config";
const SYSTEM_MOUNT: &str = "/system-partition";
const CHUNK_BYTES: usize = 1 << 20;

/// Copies everything to the Windows volume. The root blob gets its name last: it makes the volume bootable.
pub(crate) fn apply(volumes: &Volumes, wim_file: &fs::File, blob: Blob) -> io::Result<()> {
    let root = Path::new(SYSTEM_VOLUME);
    boot::mount_ntfs(&volumes.windows, root)?;
    fs::create_dir_all(root.join("Windows"))?;
    let unfinished = root.join(boot::ROOT_BLOB).with_extension("part");
    let copied = thread::scope(|scope| {
        let blob_copy = scope.spawn(|| {
            let copied = copy_blob(wim_file, blob, &unfinished);
            panther::info("APPLY", "the root file system is copied");
            copied
        });
        let tree = copy_drive(&Path::new(IMAGE).join("prefix"), root);
        panther::info("APPLY", "C: is copied");
        tree.and_then(|()| {
            blob_copy.join().unwrap_or_else(|_| Err(io::Error::other("the copy of the root blob broke off")))
        })
    });
    copied?;
    fs::rename(unfinished, root.join(boot::ROOT_BLOB))
}

fn copy_blob(wim_file: &fs::File, blob: Blob, target: &Path) -> io::Result<()> {
    use std::io::Write as _;
    let mut output = fs::File::create(target)?;
    let mut buffer = vec![0_u8; CHUNK_BYTES];
    let mut done = 0;
    while done < blob.size {
        let length = usize::try_from(blob.size - done).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let chunk = buffer.get_mut(..length).unwrap_or_default();
        wim_file.file().read_exact_at(chunk, blob.offset + done)?;
        output.write_all(chunk)?;
        done += length as u64;
    }
    Ok(())
}

/// Copies `drive_c` with the names that Windows gives its directories, and the registry to its place in `config`.
fn copy_drive(prefix: &Path, root: &Path) -> io::Result<()> {
    let drive = prefix.join("drive_c");
    let mut files = Vec::new();
    for entry in fs::read_dir(&drive)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = match name.as_str() {
            "windows" => "Windows",
            "users" => "Users",
            other => other,
        };
        collect(&entry.path(), &root.join(name), &mut files)?;
    }
    for hive in ["system.reg", "user.reg", "userdef.reg"] {
        files.push((prefix.join(hive), root.join(CONFIG).join(hive)));
    }
    // Wine compares this stamp with its own files and would set the prefix up anew.
    let stamp = prefix.join(".update-timestamp");
    if stamp.exists() {
        files.push((stamp, root.join(CONFIG).join(".update-timestamp")));
    }
    fs::create_dir_all(root.join(CONFIG))?;
    panther::info("APPLY", format!("{} files are copied to C:", files.len()));
    let queue = Mutex::new(files);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || -> io::Result<()> {
        while let Some((from, to)) = next() {
            // Through the page cache in one piece: these files are small, and ntfs3 allocates better.
            fs::write(to, fs::read(from)?)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let other = scope.spawn(work);
        work()?;
        other.join().unwrap_or_else(|_| Err(io::Error::other("a copying thread broke off")))
    })
}

/// Makes the directories and lists the files. Links, with which Wine points out of a profile, become directories.
fn collect(from: &Path, to: &Path, files: &mut Vec<(PathBuf, PathBuf)>) -> io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_file() {
        files.push((from.to_owned(), to.to_owned()));
        return Ok(());
    }
    fs::create_dir_all(to)?;
    if kind.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            collect(&entry.path(), &to.join(entry.file_name()), files)?;
        }
    }
    Ok(())
}

/// Makes the directories and writes what the registry says of the image: its edition, its name, and what it is for.
pub(crate) fn prepare(image: &ImageDescription) -> io::Result<()> {
    let root = Path::new(SYSTEM_VOLUME);
    for directory in
        ["Windows/Temp", "Windows/Setup/State", "Windows/system32/config/systemprofile/AppData/Local"]
    {
        fs::create_dir_all(windows_path::resolve(root, directory))?;
    }
    let mut system = Hive::open(&root.join(CONFIG).join("system.reg"))?;
    let version = "Software\\Microsoft\\Windows NT\\CurrentVersion";
    system.set(version, "EditionID", Value::Text(&image.edition));
    system.set(version, "ProductName", Value::Text(&image.name));
    system.set(version, "InstallationType", Value::Text(&image.installation_type));
    system.save()
}

/// Writes what the firmware starts, from the installation medium.
pub(crate) fn install_boot_files(volumes: &Volumes, medium: &Path) -> io::Result<()> {
    let target = if volumes.system == volumes.windows {
        PathBuf::from(SYSTEM_VOLUME)
    } else {
        fs::create_dir_all(SYSTEM_MOUNT)?;
        match volumes.system_format {
            Format::Ntfs => boot::mount_ntfs(&volumes.system, Path::new(SYSTEM_MOUNT))?,
            Format::Fat32 => mount(&volumes.system, SYSTEM_MOUNT, "vfat", MountFlags::empty(), None)?,
        }
        PathBuf::from(SYSTEM_MOUNT)
    };
    let files: &[(&str, &str)] = if volumes.esp.is_some() {
        &[
            ("efi/boot/bootx64.efi", "EFI/Microsoft/Boot/bootmgfw.efi"),
            ("efi/boot/bootx64.efi", "EFI/Boot/bootx64.efi"),
        ]
    } else {
        &[("boot/vmlinuz", "boot/vmlinuz"), ("boot/initrd", "boot/initrd")]
    };
    for (from, to) in files {
        let to = target.join(to);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(medium.join(from), to)?;
    }
    if let Some(esp) = volumes.esp {
        write_boot_entry(esp)?;
    }
    Ok(())
}

/// Adds "Windows Boot Manager" to the firmware's list, first in its order.
fn write_boot_entry(esp: Esp) -> io::Result<()> {
    let taken = |number: u16| matches!(uefi_variables::read(&format!("Boot{number:04X}")), Ok(Some(_)));
    let number = (0..=u16::MAX).find(|number| !taken(*number)).unwrap_or(0);
    uefi_variables::write(&format!("Boot{number:04X}"), &BootOption::windows(esp).bytes())?;
    let old = uefi_variables::read("BootOrder")?.unwrap_or_default();
    uefi_variables::write("BootOrder", &[&number.to_le_bytes()[..], &old].concat())
}
