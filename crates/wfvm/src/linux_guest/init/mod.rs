//! The first program of the guest: it loads modules, makes a root, runs the builder with what the
//! host saved, tells its exit code, and ends the machine.

mod loopback;
mod ports;
mod process;
mod root;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::{
    mount::{MountFlags, mount},
    system::{RebootCommand, reboot},
};

use super::{
    initramfs::MODULES,
    order::{
        self, BUILD_TOP, CONTROL_PORT, ENVIRONMENT_FILE, EXCHANGE, EXIT_FILE, ORDER_FILE, OUTPUT_PORT, Order,
        Word,
    },
};
use crate::tool::Tool;

/// Where the exchange directory is until there is a root.
const EARLY_EXCHANGE: &str = "/xchg";
/// The largest message that the virtio transport of 9p takes (`net/9p/trans_virtio.c`).
const MESSAGE_SIZE: u32 = 512_000;

/// What the guest could not do.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
struct InitError {
    doing: String,
    source: io::Error,
}

fn doing<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> InitError {
    let what = what.into();
    |error| InitError { doing: what, source: error.into() }
}

/// Whether this process is the first one of a guest that we made.
#[must_use]
pub fn is_first_program(called_as: &std::ffi::OsStr) -> bool {
    std::process::id() == 1 && called_as == "/init"
}

/// Does everything and ends the machine.
pub async fn run() {
    let mut control = None;
    if let Err(error) = story(&mut control).await {
        tell(control.as_mut(), &Word::Failed(error.to_string()));
        // The console is the kernel's, and kept by the host.
        let _ = writeln!(io::stderr(), "init: {error}");
    }
    rustix::fs::sync();
    let _ = reboot(RebootCommand::PowerOff);
}

fn tell(control: Option<&mut fs_err::File>, word: &Word) {
    if let Some(port) = control {
        // A host that does not listen ends the machine.
        let _ = port.write_all(word.line().as_bytes());
    }
}

async fn story(control: &mut Option<fs_err::File>) -> Result<(), InitError> {
    for (kind, target) in [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys")] {
        mount(kind, target, kind, MountFlags::empty(), None).map_err(doing(target))?;
    }
    load_modules()?;
    mount_9p(EXCHANGE, Path::new(EARLY_EXCHANGE), "none")?;
    *control = Some(ports::open(CONTROL_PORT).await.map_err(doing(CONTROL_PORT))?);
    let output = ports::open(OUTPUT_PORT).await.map_err(doing(OUTPUT_PORT))?;
    let order_file = Path::new(EARLY_EXCHANGE).join(ORDER_FILE);
    let text = fs_err::read(&order_file).map_err(doing("the order"))?;
    let order: Order = serde_json::from_slice(&text).map_err(doing("the order"))?;
    fs_err::remove_file(&order_file).map_err(doing("the order"))?;
    let environment =
        fs_err::read(Path::new(EARLY_EXCHANGE).join(ENVIRONMENT_FILE)).map_err(doing("the environment"))?;
    root::enter(&order)?;
    loopback::up().map_err(doing("the loopback device"))?;

    let code = if order.interactive {
        interactive(&order, &environment)?
    } else {
        match builder(&order, &environment, output, control) {
            Ok(code) => code,
            Err(error) => {
                tell(control.as_mut(), &Word::NoBuilder(error.to_string()));
                return Ok(());
            }
        }
    };
    // Before the code, so that who sees it sees all that was written.
    root::leave(&order);
    let exit_file = Path::new(BUILD_TOP).join(EXCHANGE).join(EXIT_FILE);
    fs_err::write(exit_file, format!("{code}\n")).map_err(doing("the exit code"))?;
    tell(control.as_mut(), &Word::Exit { code, nonce: order.nonce });
    Ok(())
}

fn load_modules() -> Result<(), InitError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs_err::read_dir(MODULES).map_err(doing(MODULES))? {
        files.push(entry.map_err(doing(MODULES))?.path());
    }
    files.sort();
    for file in files {
        let module = fs_err::File::open(&file).map_err(doing("a module"))?;
        match rustix::system::finit_module(&module, c"", 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            // A driver may look for hardware that this machine lacks; what really misses it fails by name.
            Err(error) => drop(writeln!(io::stderr(), "init: {} is not loaded: {error}", file.display())),
        }
    }
    Ok(())
}

/// `cache`: `none` where the host may write too.
fn mount_9p(tag: &str, target: &Path, cache: &str) -> Result<(), InitError> {
    let options = format!("trans=virtio,version=9p2000.L,msize={MESSAGE_SIZE},cache={cache}\0");
    let options = std::ffi::CStr::from_bytes_with_nul(options.as_bytes()).ok();
    fs_err::create_dir_all(target).map_err(doing("a mount point"))?;
    mount(tag, target, "9p", MountFlags::empty(), options)
        .map_err(doing(format!("9p at {}", target.display())))
}

/// The builder, or a program that fails to be one.
fn tool(program: &Path, args: &[String], environment: &[u8]) -> Tool {
    let mut tool = Tool::new(program).words(args);
    for (name, value) in order::variables(environment) {
        tool = tool.variable(name, value);
    }
    tool
}

fn builder(
    order: &Order,
    environment: &[u8],
    output: fs_err::File,
    control: &mut Option<fs_err::File>,
) -> Result<i32, Box<dyn std::error::Error>> {
    // Not the port itself: it can be opened once, and `/dev/stderr` opens again.
    let (read, write) = io::pipe()?;
    let relay = std::thread::spawn(move || {
        let (mut read, mut output) = (read, output);
        // A host that does not read any more ends the machine.
        let _ = io::copy(&mut read, &mut output);
    });
    rustix::process::chdir(BUILD_TOP)?;
    let tool = tool(Path::new(&order.builder), &order.args, environment);
    let child = tool.spawn(Stdio::null(), Stdio::from(write.try_clone()?), Stdio::from(write))?;
    tell(control.as_mut(), &Word::Started);
    let code = process::wait_for_all(child)?;
    // Its writers are gone, so what they wrote is through when it ends.
    let _ = relay.join();
    Ok(code)
}

/// A shell at the console, in the place and with the variables of the builder.
fn interactive(order: &Order, environment: &[u8]) -> Result<i32, InitError> {
    process::own_the_console().map_err(doing("the console"))?;
    rustix::process::chdir(BUILD_TOP).map_err(doing(BUILD_TOP))?;
    let line = tool(Path::new(&order.builder), &order.args, &[]).command_line();
    let _ = writeln!(
        io::stdout(),
        "\r\nThis is the guest, where the builder begins. It would now run\r\n\r\n  {line}\r\n\r\n`exit` ends the guest."
    );
    let shell = tool(&order.shell, &["-i".to_owned()], environment).sharing_the_terminal();
    let child = shell
        .spawn(Stdio::inherit(), Stdio::inherit(), Stdio::inherit())
        .map_err(|error| InitError { doing: "the shell".into(), source: io::Error::other(error) })?;
    process::wait_for_all(child).map_err(doing("the shell"))
}
