//! Ports of the virtio serial device, by their names.

use std::{io, path::Path};

use crate::wait;

const PORTS: &str = "/sys/class/virtio-ports";

/// Opens a port for writing. The device tells its ports one after the other, so the last of them
/// may come a little later than its driver.
pub(super) async fn open(name: &str) -> io::Result<fs_err::File> {
    loop {
        if let Some(file) = find(name)? {
            return Ok(file);
        }
        wait::poll_pause().await;
    }
}

fn find(name: &str) -> io::Result<Option<fs_err::File>> {
    // The directory is there with the driver.
    let Ok(ports) = fs_err::read_dir(PORTS) else { return Ok(None) };
    for port in ports {
        let port = port?;
        let named = fs_err::read_to_string(port.path().join("name")).unwrap_or_default();
        if named.trim_end() == name {
            let device = Path::new("/dev").join(port.file_name());
            return Ok(Some(fs_err::OpenOptions::new().write(true).open(device)?));
        }
    }
    Ok(None)
}
