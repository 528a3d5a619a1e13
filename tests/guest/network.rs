//! What a guest reaches, as it finds out itself: a program in it tries addresses of its own
//! network, of the host and beyond, and servers of the test hear whether it came through.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener, ToSocketAddrs as _, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use wfvm::spec::{Forward, Network, Reachable, Run};

use crate::{
    laboratory::{Laboratory, given},
    revive::clone_spec,
};

/// Addresses of the guest's network: the host as the guest sees it, and its name server.
const GATEWAY: &str = "192.168.1.2";
const NAME_SERVER: &str = "192.168.1.3";
/// The host by IPv6, which a guest configures by itself.
const GATEWAY_V6: &str = "fec0::2";

/// A server of the host that greets everybody and counts them.
struct Greeter {
    port: u16,
    visits: Arc<AtomicUsize>,
}

impl Greeter {
    /// By TCP and by UDP at the same port. Its threads end with the test.
    fn at(address: &str) -> Self {
        let visits = Arc::new(AtomicUsize::new(0));
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind((address, 0)).unwrap();
            // The number may be taken by somebody's UDP.
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
                break (tcp, udp);
            }
        };
        let port = tcp.local_addr().unwrap().port();
        let counted = Arc::clone(&visits);
        std::thread::spawn(move || {
            for connection in tcp.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                // One who left before the greeting has been counted.
                let _ = connection.unwrap().write_all(greeting(port).as_bytes());
            }
        });
        let counted = Arc::clone(&visits);
        std::thread::spawn(move || {
            let mut datagram = [0; 16];
            while let Ok((_, from)) = udp.recv_from(&mut datagram) {
                counted.fetch_add(1, Ordering::SeqCst);
                udp.send_to(greeting(port).as_bytes(), from).unwrap();
            }
        });
        Self { port, visits }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

fn greeting(port: u16) -> String {
    format!("greeting of {port}")
}

/// The host's address in its own network, which is outside of the guest's. Nothing is sent.
fn address_outside() -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect(SocketAddr::from(([203, 0, 113, 1], 9))).unwrap_or_else(|error| {
        panic!("this machine has loopback alone, so nothing is outside for a guest: {error}")
    });
    socket.local_addr().unwrap().ip().to_string()
}

/// One attempt, as `reach.exe` takes it.
fn tcp(address: &str, port: u16) -> String {
    format!("tcp {address} {port}")
}

fn udp(address: &str, port: u16) -> String {
    format!("udp {address} {port}")
}

/// What the guest says of each attempt, in their order.
fn told(
    laboratory: &Laboratory,
    start: Run,
    network: Network,
    attempts: &[String],
    more: &str,
) -> Vec<String> {
    let script = format!(
        "win-put {} . --as reach.exe\nwin-exec 'reach.exe {}' | tr -d '\\r' > told\n{more}",
        given("WFVM_TEST_REACH").display(),
        attempts.join(" ")
    );
    let spec = Run { network, script: format!("cd {}\n{script}", laboratory.path("").display()), ..start };
    let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
    let told = fs_err::read_to_string(laboratory.path("told")).unwrap();
    println!("{told}");
    let told: Vec<String> = told.lines().map(str::to_owned).collect();
    assert_eq!(told.len(), attempts.len(), "{told:?}");
    told
}

/// Everything on the host and beyond that a guest might find.
fn attempts(greeter: &Greeter, outside: &str) -> Vec<String> {
    let port = greeter.port;
    vec![
        tcp(GATEWAY, port),
        udp(GATEWAY, port),
        tcp(outside, port),
        udp(outside, port),
        tcp(NAME_SERVER, 53),
        udp(NAME_SERVER, 53),
        tcp(GATEWAY_V6, port),
        udp(GATEWAY_V6, port),
        tcp("localhost.example", port),
    ]
}

#[test]
fn a_guest_reaches_nothing_unless_it_is_opened() {
    let (everywhere, outside) = (Greeter::at("0.0.0.0"), address_outside());
    let laboratory = Laboratory::new();
    let start = laboratory.run_spec("");
    let told = told(&laboratory, start, Network::default(), &attempts(&everywhere, &outside), "");
    let heard: Vec<_> = told.iter().filter(|line| line.contains("heard")).collect();
    assert!(heard.is_empty(), "{heard:?}");
    assert_eq!(everywhere.visits(), 0, "the host's servers were never spoken to");
}

#[test]
fn an_open_guest_reaches_the_host_and_what_the_host_reaches() {
    let (everywhere, loopback, outside) =
        (Greeter::at("0.0.0.0"), Greeter::at("127.0.0.1"), address_outside());
    let mut attempts = attempts(&everywhere, &outside);
    attempts.push(tcp(GATEWAY, loopback.port));
    let laboratory = Laboratory::new();
    let start = laboratory.run_spec("");
    let told = told(&laboratory, start, Network { open: true, ..Network::default() }, &attempts, "");
    for (attempt, port) in [
        (&attempts[0], everywhere.port),
        (&attempts[1], everywhere.port),
        (&attempts[2], everywhere.port),
        (&attempts[3], everywhere.port),
        (&attempts[9], loopback.port),
    ] {
        let expected = format!("{attempt}: heard {}", greeting(port));
        assert!(told.contains(&expected), "{expected:?} is not in {told:?}");
    }
}

/// The guest answers at a port of its own, and its SSH server at the port that was asked for.
fn inward(ssh_port: u16) -> String {
    format!(
        "win-exec 'reach.exe serve 7777 answer' &
        answer=
        for try in {{1..5000}}; do
          answer=$(exec 3<> /dev/tcp/127.0.0.1/$WFVM_PORT_WEB && cat <&3) && [ \"$answer\" ] && break
        done
        wait
        [ \"$answer\" = answer ]
        exec 3<> /dev/tcp/127.0.0.1/{ssh_port}
        read -r banner <&3
        [[ $banner = SSH-2.0-* ]]"
    )
}

/// The name by which this machine finds itself.
fn host_name() -> String {
    let name = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let name = name.trim_end().to_owned();
    let found = (name.as_str(), 0).to_socket_addrs();
    assert!(
        found.is_ok_and(|mut found| found.next().is_some()),
        "this machine does not find its name {name}"
    );
    name
}

/// A port that nobody has, most likely.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn an_opening_leads_to_its_target_one_way_and_nothing_else_opens() {
    let laboratory = Laboratory::new();
    opens_one_way(&laboratory, laboratory.run_spec(""));
}

#[test]
fn an_opening_of_a_clone_leads_to_its_target_one_way_and_nothing_else_opens() {
    let laboratory = Laboratory::new();
    opens_one_way(&laboratory, clone_spec(&laboratory, ""));
}

fn opens_one_way(laboratory: &Laboratory, start: Run) {
    let (forwarded, by_name, closed) =
        (Greeter::at("127.0.0.1"), Greeter::at("0.0.0.0"), Greeter::at("127.0.0.1"));
    let name = host_name();
    let network = Network {
        forwards: vec![Forward {
            listen_address: [192, 168, 1, 50].into(),
            target_address: "127.0.0.1".into(),
            port: forwarded.port,
        }],
        reachable: vec![Reachable { host: name.clone(), port: by_name.port }],
        ports: [("web".to_owned(), 7777)].into(),
        ssh_port: Some(free_port()),
        ..Network::default()
    };
    let open =
        [(tcp("192.168.1.50", forwarded.port), forwarded.port), (tcp(&name, by_name.port), by_name.port)];
    let shut = [
        tcp("192.168.1.50", closed.port),
        tcp("192.168.1.50", by_name.port),
        udp("192.168.1.50", forwarded.port),
        tcp(&name, closed.port),
        tcp(GATEWAY, forwarded.port),
        tcp(GATEWAY, closed.port),
    ];
    let inward = inward(network.ssh_port.unwrap());
    let attempts: Vec<String> = open.iter().map(|(attempt, _)| attempt.clone()).chain(shut).collect();
    let told = told(laboratory, start, network, &attempts, &inward);
    for ((attempt, port), line) in open.iter().zip(&told) {
        assert_eq!(*line, format!("{attempt}: heard {}", greeting(*port)));
    }
    let heard: Vec<_> = told.iter().skip(open.len()).filter(|line| line.contains("heard")).collect();
    assert!(heard.is_empty(), "{heard:?}");
    assert_eq!((forwarded.visits(), by_name.visits(), closed.visits()), (1, 1, 0));
}
