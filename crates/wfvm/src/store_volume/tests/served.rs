//! The server by the bytes of its protocol.

use std::{io, sync::Arc};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::Semaphore;

use super::Store;
use crate::store_volume::{
    StoreVolume,
    nbd::{self, Ended},
};

const OPTION: &[u8; 8] = b"IHAVEOPT";
const GO: u32 = 7;

/// A client at the other end of a server's connection.
struct Client {
    stream: DuplexStream,
    server: tokio::task::JoinHandle<Ended>,
    volume: Arc<StoreVolume>,
}

impl Client {
    async fn new(store: &Store) -> Self {
        let volume = Arc::new(store.plan(&["p"]));
        let (mut stream, other_end) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(other_end);
        let room = Arc::new(Semaphore::new(1 << 16));
        let server = tokio::spawn(nbd::connection(read, write, Arc::clone(&volume), room));
        let mut greeting = [0; 18];
        stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"NBDMAGICIHAVEOPT\0\x03");
        Self { stream, server, volume }
    }

    async fn send(&mut self, parts: &[&[u8]]) {
        self.stream.write_all(&parts.concat()).await.unwrap();
    }

    async fn option(&mut self, option: u32, data: &[u8]) {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        self.send(&[OPTION, &option.to_be_bytes(), &length, data]).await;
    }

    /// The kind of a reply, and its data.
    async fn reply(&mut self) -> (u32, Vec<u8>) {
        assert_eq!(self.stream.read_u64().await.unwrap(), 0x0003_e889_0455_65a9);
        let _option = self.stream.read_u32().await.unwrap();
        let kind = self.stream.read_u32().await.unwrap();
        let mut data = vec![0; usize::try_from(self.stream.read_u32().await.unwrap()).unwrap()];
        self.stream.read_exact(&mut data).await.unwrap();
        (kind, data)
    }

    async fn go(mut self) -> Self {
        self.send(&[&[0, 0, 0, 3]]).await;
        self.option(GO, &[0; 6]).await;
        let (kind, export) = self.reply().await;
        assert_eq!((kind, &export[..2], &export[10..]), (3, &[0, 0][..], &[1, 7][..]));
        assert_eq!(export[2..10], self.volume.bytes().to_be_bytes());
        let (kind, sizes) = self.reply().await;
        assert_eq!((kind, &sizes[..2]), (3, &[0, 3][..]));
        assert_eq!(self.reply().await, (1, Vec::new()));
        self
    }

    async fn request(&mut self, kind: u16, cookie: u64, offset: u64, length: u32) {
        self.send(&[
            &0x2560_9513_u32.to_be_bytes(),
            &0_u16.to_be_bytes(),
            &kind.to_be_bytes(),
            &cookie.to_be_bytes(),
            &offset.to_be_bytes(),
            &length.to_be_bytes(),
        ])
        .await;
    }

    /// Error and cookie.
    async fn answer(&mut self) -> (u32, u64) {
        assert_eq!(self.stream.read_u32().await.unwrap(), 0x6744_6698);
        (self.stream.read_u32().await.unwrap(), self.stream.read_u64().await.unwrap())
    }

    async fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    /// The server ends the connection without a word.
    async fn ended(mut self) -> Ended {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
        self.server.await.unwrap()
    }
}

fn store() -> Store {
    let store = Store::new();
    store.file("p/a", &vec![b'a'; 70_000]).file("p/b", b"b");
    store
}

#[tokio::test]
async fn requests_are_answered_whatever_their_order() {
    let store = store();
    let mut client = Client::new(&store).await.go().await;
    let whole = client.volume.read(0, usize::try_from(client.volume.bytes()).unwrap()).unwrap();
    let offsets = [0_u64, 256 * 2048, 257 * 2048 + 3, 262 * 2048, 263 * 2048 + 500];
    for (cookie, offset) in (0..).zip(offsets) {
        client.request(0, cookie, offset, 3000).await;
    }
    let mut seen = Vec::new();
    for _ in offsets {
        let (error, cookie) = client.answer().await;
        assert_eq!(error, 0);
        let start = usize::try_from(offsets[usize::try_from(cookie).unwrap()]).unwrap();
        assert!(client.bytes(3000).await == whole[start..start + 3000], "{cookie}");
        seen.push(cookie);
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    client.request(2, 9, 0, 0).await;
    assert_eq!(client.ended().await, Ended::Used);
}

#[tokio::test]
async fn what_writes_and_what_is_outside_is_refused_and_the_next_read_works() {
    let store = store();
    let mut client = Client::new(&store).await.go().await;
    let end = client.volume.bytes();
    client.request(1, 1, 0, 5).await;
    client.send(&[b"write"]).await;
    assert_eq!(client.answer().await, (1, 1));
    for (kind, offset, length, error) in [
        (4, 0, 2048, 1),
        (6, 0, 2048, 1),
        (0, end, 1, 22),
        (0, end - 1, 2, 22),
        (0, u64::MAX, 2, 22),
        (0, 0, u32::MAX, 22),
        (5, 0, 1, 22),
        (77, 0, 0, 22),
        (3, 0, 0, 0),
    ] {
        client.request(kind, 5, offset, length).await;
        assert_eq!(client.answer().await, (error, 5), "{kind} {offset} {length}");
    }
    client.request(0, 6, end - 2048, 2048).await;
    assert_eq!(client.answer().await, (0, 6));
    assert_eq!(client.bytes(2048).await, client.volume.read(end - 2048, 2048).unwrap());
}

#[tokio::test]
async fn a_read_of_more_than_the_largest_is_refused() {
    let store = store();
    let large = fs_err::OpenOptions::new().write(true).open(store.path("p/a")).unwrap();
    large.set_len(40 << 20).unwrap();
    let mut client = Client::new(&store).await.go().await;
    client.request(0, 1, 0, (32 << 20) + 1).await;
    assert_eq!(client.answer().await, (22, 1));
    client.request(0, 2, 0, 32 << 20).await;
    assert_eq!(client.answer().await, (0, 2));
    client.bytes(32 << 20).await;
}

#[tokio::test]
async fn a_file_that_vanished_is_an_error_and_its_neighbours_are_read() {
    let store = store();
    let mut client = Client::new(&store).await.go().await;
    let end = client.volume.bytes();
    fs_err::remove_file(store.path("p/a")).unwrap();
    client.request(0, 1, end - 20 * 2048, 2048).await;
    assert_eq!(client.answer().await, (5, 1));
    client.request(0, 2, end - 2 * 2048, 1).await;
    assert_eq!(client.answer().await, (0, 2));
    assert_eq!(client.bytes(1).await, b"b");
}

#[tokio::test]
async fn options_are_answered_and_unknown_ones_refused() {
    let store = store();
    let mut client = Client::new(&store).await;
    client.send(&[&[0, 0, 0, 3]]).await;
    for (option, data, replies) in [
        (3_u32, &b""[..], &[2_u32, 1][..]),
        (3, b"x", &[(1 << 31) + 3]),
        (6, &[0; 6], &[3, 3, 1]),
        (6, &[0, 0, 0, 1, b'x', 0, 0], &[(1 << 31) + 6]),
        (6, &[0xff; 6], &[(1 << 31) + 3]),
        (7, &[0, 0, 0, 0, 0, 9], &[(1 << 31) + 3]),
        (7, &[], &[(1 << 31) + 3]),
        (8, b"", &[(1 << 31) + 1]),
        (5, b"", &[(1 << 31) + 1]),
        (2, b"", &[1]),
    ] {
        client.option(option, data).await;
        for reply in replies {
            assert_eq!(client.reply().await.0, *reply, "{option} {data:?}");
        }
    }
    assert_eq!(client.ended().await, Ended::Asked);
}

#[tokio::test]
async fn an_old_client_names_its_export_and_reads() {
    let store = store();
    for (flags, zeroes) in [(1_u32, 124), (3, 0)] {
        let mut client = Client::new(&store).await;
        client.send(&[&flags.to_be_bytes()]).await;
        client.option(1, b"").await;
        assert_eq!(client.stream.read_u64().await.unwrap(), client.volume.bytes());
        assert_eq!(client.stream.read_u16().await.unwrap(), 0x107);
        client.bytes(zeroes).await;
        client.request(0, 7, 0, 16).await;
        assert_eq!(client.answer().await, (0, 7));
    }
}

#[tokio::test]
async fn nonsense_ends_the_connection_alone() {
    let store = store();
    let long = [OPTION, &GO.to_be_bytes()[..], &[0xff; 4]].concat();
    let other = [OPTION, &1_u32.to_be_bytes()[..], &[0, 0, 0, 1], b"x"].concat();
    for nonsense in [
        &[0xff; 4][..],
        &[&[0, 0, 0, 3][..], &[0; 16]].concat(),
        &[&[0, 0, 0, 3][..], &long].concat(),
        &[&[0, 0, 0, 3][..], &other].concat(),
    ] {
        let mut client = Client::new(&store).await;
        client.send(&[nonsense]).await;
        assert_eq!(client.ended().await, Ended::Asked);
    }
    let mut client = Client::new(&store).await;
    client.send(&[&[0, 0, 0, 3]]).await;
    for _ in 0..64 {
        client.option(8, b"").await;
        client.reply().await;
    }
    assert_eq!(client.ended().await, Ended::Asked, "options without an end");
    let mut client = Client::new(&store).await.go().await;
    client.send(&[&[0; 28]]).await;
    assert_eq!(client.ended().await, Ended::Used);
}

#[tokio::test]
async fn a_server_ends_with_its_last_reader_and_takes_its_socket_away() -> io::Result<()> {
    use crate::store_volume::Until;
    let (store, place) = (store(), tempfile::tempdir()?);
    let socket = place.path().join("s");
    let volume = store.plan(&["p"]);
    let export = volume.bind(&socket)?;
    let clients = async {
        let mut asking = tokio::net::UnixStream::connect(&socket).await?;
        let mut greeting = [0; 18];
        asking.read_exact(&mut greeting).await?;
        drop(asking);
        // The server sees that it is gone.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut reading = tokio::net::UnixStream::connect(&socket).await?;
        reading.read_exact(&mut greeting).await?;
        let go = [&[0, 0, 0, 3][..], OPTION, &GO.to_be_bytes(), &[0, 0, 0, 6], &[0; 6]].concat();
        reading.write_all(&go).await?;
        let mut replies = [0; 20 + 12 + 20 + 14 + 20];
        reading.read_exact(&mut replies).await?;
        assert!(socket.exists());
        io::Result::Ok(())
    };
    {
        let mut serve = std::pin::pin!(export.serve(Until::Unused));
        tokio::select! {
            served = &mut serve => panic!("it ended before its reader: {served:?}"),
            asked = clients => asked?,
        }
        serve.await?;
    }
    drop(export);
    assert!(!socket.exists());
    // What is there already is not taken.
    fs_err::write(&socket, b"")?;
    let taken = store.plan(&["p"]).bind(&socket).unwrap_err();
    assert!(taken.to_string().contains(&socket.display().to_string()), "{taken}");
    assert!(socket.exists());
    Ok(())
}
