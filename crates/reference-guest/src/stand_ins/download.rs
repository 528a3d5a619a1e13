//! `curl.exe`, which Windows has since 2018: one resource by HTTP to a file or to standard output. There is
//! no TLS in the guest, so `https` is refused.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

use fs_err as fs;

use super::{Answer, Call, Program};

const MOST_REDIRECTIONS: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(300);
const LONGEST_LINE_BYTES: u64 = 64 << 10;

// curl's own exit codes (man curl, EXIT CODES).
const COULD_NOT_RESOLVE: u32 = 6;
const FAILED_TO_CONNECT: u32 = 7;
const HTTP_ERROR: u32 = 22;
const WRITE_ERROR: u32 = 23;
const OPERATION_TIMEOUT: u32 = 28;
const NOTHING_RECEIVED: u32 = 52;

/// Why there is no resource.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("Could not resolve host: {0}")]
    Resolve(String),
    #[error("Failed to connect to {0}")]
    Connect(String),
    #[error("The requested URL returned error: {0}")]
    Status(u16),
    #[error("Failure writing output to destination")]
    Write,
    #[error("Operation timed out")]
    Timeout,
    #[error("Empty reply from server")]
    Reply,
}

impl Fault {
    fn code(&self) -> u32 {
        match self {
            Self::Resolve(_) => COULD_NOT_RESOLVE,
            Self::Connect(_) => FAILED_TO_CONNECT,
            Self::Status(_) => HTTP_ERROR,
            Self::Write => WRITE_ERROR,
            Self::Timeout => OPERATION_TIMEOUT,
            Self::Reply => NOTHING_RECEIVED,
        }
    }

    fn reading(error: &io::Error) -> Self {
        // A read time limit shows as either.
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            Self::Timeout
        } else {
            Self::Reply
        }
    }
}

/// One order that is understood.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are curl's switches")]
pub(super) struct Order {
    address: String,
    output: Option<String>,
    remote_name: bool,
    follow: bool,
    fail: bool,
    silent: bool,
    show_error: bool,
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let mut order = Order::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--output" => order.output = Some(words.next()?.clone()),
            "--location" => order.follow = true,
            "--fail" => order.fail = true,
            "--silent" => order.silent = true,
            "--show-error" => order.show_error = true,
            "--remote-name" => order.remote_name = true,
            "--no-progress-meter" | "--ssl-no-revoke" => {}
            "--retry" | "--connect-timeout" | "--max-time" => drop(words.next()?.parse::<u32>().ok()?),
            long if long.starts_with("--") => return None,
            short if short.starts_with('-') && short.len() > 1 => {
                for letter in short.chars().skip(1) {
                    match letter {
                        'o' => order.output = Some(words.next()?.clone()),
                        'L' => order.follow = true,
                        'f' => order.fail = true,
                        's' => order.silent = true,
                        'S' => order.show_error = true,
                        'O' => order.remote_name = true,
                        _ => return None,
                    }
                }
            }
            address if order.address.is_empty() => address.clone_into(&mut order.address),
            _ => return None,
        }
    }
    Address::parse(&order.address)?;
    Some(order)
}

/// `http://host[:port]/path`; without a scheme curl means the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    host: String,
    port: u16,
    path: String,
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) => scheme.eq_ignore_ascii_case("http").then_some(rest)?,
            None => text,
        };
        let rest = rest.split('#').next()?;
        let split = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(split)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, 80),
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        (!host.is_empty() && !host.contains('@')).then(|| Self { host: host.to_owned(), port, path })
    }

    /// Where a redirection leads.
    fn next(&self, location: &str) -> Option<Self> {
        if location.contains("://") {
            return Self::parse(location);
        }
        let path = if location.starts_with('/') {
            location.to_owned()
        } else {
            format!("{}/{location}", self.path.rsplit_once('/').map_or("", |(directory, _)| directory))
        };
        Some(Self { path, ..self.clone() })
    }

    fn connect(&self) -> Result<TcpStream, Fault> {
        let addresses = (self.host.as_str(), self.port)
            .to_socket_addrs()
            .map_err(|_| Fault::Resolve(self.host.clone()))?;
        for address in addresses {
            if let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(30)) {
                drop(stream.set_read_timeout(Some(PATIENCE)));
                return Ok(stream);
            }
        }
        Err(Fault::Connect(format!("{} port {}", self.host, self.port)))
    }
}

/// An answer whose head has been read.
struct Response {
    status: u16,
    location: Option<String>,
    body: Box<dyn Read>,
}

fn get(address: &Address) -> Result<Response, Fault> {
    let mut stream = address.connect()?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: curl\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        address.path, address.host
    );
    stream.write_all(request.as_bytes()).map_err(|error| Fault::reading(&error))?;
    read_head(BufReader::new(stream))
}

fn read_head<R: Read + 'static>(mut reader: BufReader<R>) -> Result<Response, Fault> {
    let mut line = || {
        let mut line = String::new();
        let count = (&mut reader)
            .take(LONGEST_LINE_BYTES)
            .read_line(&mut line)
            .map_err(|error| Fault::reading(&error))?;
        if count == 0 { Err(Fault::Reply) } else { Ok(line.trim_end().to_owned()) }
    };
    let status = line()?.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(Fault::Reply)?;
    let (mut location, mut length, mut chunked) = (None, None, false);
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(':') else {
            if header.is_empty() {
                break;
            }
            return Err(Fault::Reply);
        };
        match name.to_ascii_lowercase().as_str() {
            "location" => location = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse::<u64>().ok(),
            "transfer-encoding" => chunked = value.trim().eq_ignore_ascii_case("chunked"),
            _ => {}
        }
    }
    let body: Box<dyn Read> = match length {
        _ if chunked => Box::new(Chunks { reader, left: 0, first: true, over: false }),
        Some(length) => Box::new(Exactly { reader, left: length }),
        None => Box::new(reader),
    };
    Ok(Response { status, location, body })
}

/// A body of a known length: one that ends before is an error.
struct Exactly<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&mut self.reader).take(self.left).read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= u64::try_from(count).unwrap_or(self.left);
        Ok(count)
    }
}

/// RFC 9112, 7.1.
struct Chunks<R> {
    reader: BufReader<R>,
    left: u64,
    first: bool,
    over: bool,
}

impl<R: Read> Read for Chunks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = |reader: &mut BufReader<R>| {
            let mut line = String::new();
            reader.take(LONGEST_LINE_BYTES).read_line(&mut line)?;
            Ok::<_, io::Error>(line)
        };
        if self.left == 0 && !self.over {
            if !self.first {
                line(&mut self.reader)?;
            }
            self.first = false;
            let size = line(&mut self.reader)?;
            let digits = size.split(';').next().unwrap_or("").trim();
            self.left = u64::from_str_radix(digits, 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
            self.over = self.left == 0;
        }
        let count = (&mut self.reader).take(self.left).read(buffer)?;
        if count == 0 && !self.over && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= u64::try_from(count).unwrap_or(self.left);
        Ok(count)
    }
}

fn fetch(address: &Address, follow: bool, fail: bool) -> Result<Response, Fault> {
    let mut address = address.clone();
    for _ in 0..MOST_REDIRECTIONS {
        let response = get(&address)?;
        match (&response.location, response.status) {
            (Some(location), 301 | 302 | 303 | 307 | 308) if follow => {
                address = address.next(location).ok_or_else(|| Fault::Connect(location.clone()))?;
            }
            (_, status) if fail && status >= 400 => return Err(Fault::Status(status)),
            _ => return Ok(response),
        }
    }
    Err(Fault::Reply)
}

fn save(mut body: impl Read, file: &Path) -> Result<u64, Fault> {
    let mut target = fs::File::create(file).map_err(|_| Fault::Write)?;
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        let count = body.read(&mut buffer).map_err(|error| Fault::reading(&error))?;
        if count == 0 {
            return Ok(total);
        }
        target.write_all(buffer.get(..count).unwrap_or(&[])).map_err(|_| Fault::Write)?;
        total += u64::try_from(count).unwrap_or(0);
    }
}

/// A resource to a file, as Invoke-WebRequest fetches it; nothing for an address that is not HTTP's.
pub(super) fn to_file(address: &str, file: &Path) -> Option<Result<u64, Fault>> {
    let address = Address::parse(address)?;
    Some(fetch(&address, true, true).and_then(|response| save(response.body, file)))
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(order) = parse(&call.words) else { return Ok(Answer::Refused) };
    let Some(address) = Address::parse(&order.address) else { return Ok(Answer::Refused) };
    let name = order.output.clone().or_else(|| {
        let last = address.path.split('?').next().unwrap_or("").rsplit('/').next().unwrap_or("");
        (order.remote_name && !last.is_empty()).then(|| last.to_owned())
    });
    let outcome = match (fetch(&address, order.follow, order.fail), name.as_deref()) {
        (Ok(response), Some(name)) if name != "-" => save(response.body, &call.place(name)).map(drop),
        (Ok(mut response), _) => {
            let mut buffer = vec![0; 64 << 10];
            loop {
                match response.body.read(&mut buffer) {
                    Ok(0) => break Ok(()),
                    Ok(count) => program.write(buffer.get(..count).unwrap_or(&[]))?,
                    Err(error) => break Err(Fault::reading(&error)),
                }
            }
        }
        (Err(fault), _) => Err(fault),
    };
    match outcome {
        Ok(()) => Ok(Answer::Exit(0)),
        Err(fault) => {
            if !order.silent || order.show_error {
                program.complain(&format!("curl: ({}) {fault}", fault.code()))?;
            }
            Ok(Answer::Exit(fault.code()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn options_are_read_bundled_and_apart() {
        let order = parse(&words("-fsSL -o out.bin http://host:8080/a/b?c#d")).unwrap();
        assert!(order.fail && order.silent && order.show_error && order.follow);
        assert_eq!(order.output.as_deref(), Some("out.bin"));
        assert!(parse(&words("--location --retry 3 -O http://host/x")).unwrap().remote_name);
        for refused in [
            "",
            "https://host/",
            "-d x http://host/",
            "http://a http://b",
            "-X POST http://a",
            "http://user@host/",
        ] {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }

    #[test]
    fn addresses_and_redirections() {
        let address = Address::parse("http://host:8080/a/b?c#d").unwrap();
        assert_eq!((address.host.as_str(), address.port, address.path.as_str()), ("host", 8080, "/a/b?c"));
        assert_eq!(Address::parse("host").unwrap().path, "/");
        assert_eq!(address.next("e").unwrap().path, "/a/e");
        assert_eq!(address.next("http://other/").unwrap().host, "other");
        assert_eq!(address.next("https://other/"), None);
    }

    #[test]
    fn bodies_are_read_to_their_end_and_no_further() {
        let body = |text: &'static str| {
            let mut response = read_head(BufReader::new(text.as_bytes())).ok()?;
            let mut body = String::new();
            response.body.read_to_string(&mut body).ok().map(|_| (response.status, body))
        };
        let whole = |body: &str| Some((200, body.to_owned()));
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd"), whole("abc"));
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nabcd"), whole("abcd"));
        assert_eq!(
            body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n"),
            whole("abcde")
        );
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"), None);
        assert_eq!(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"), None);
        assert_eq!(body("nonsense"), None);
    }
}
