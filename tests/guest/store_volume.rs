//! The store as a medium of a running guest: it lists it, reads it, and follows a change.

use std::path::{Path, PathBuf};

use wfvm::{
    spec::Run,
    store_volume::{StoreVolume, Until},
};

use crate::laboratory::{Laboratory, free_port, runtime};

/// A server on a thread of its own, which ends with the test.
fn serve(socket: &Path, store_path: PathBuf) -> String {
    let volume = StoreVolume::plan(&[store_path]).unwrap();
    let runtime = runtime();
    let export = {
        let _inside = runtime.enter();
        volume.bind(socket).unwrap()
    };
    std::thread::spawn(move || runtime.block_on(export.serve(Until::Dropped)));
    format!("nbd+unix:///?socket={}", socket.display())
}

fn put(path: &Path, contents: &[u8]) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, contents).unwrap();
}

#[test]
fn a_guest_reads_the_store_as_a_cd_and_follows_a_change_of_the_medium() {
    let laboratory = Laboratory::new();
    let (first, second) = (laboratory.path("store/aaa-first"), laboratory.path("store/bbb-second"));
    for number in 0..300_usize {
        let contents: Vec<u8> = number.to_le_bytes().iter().copied().cycle().take(number * 101).collect();
        put(&first.join(format!("share/{}/a file with a long name {number}.dat", number % 5)), &contents);
    }
    put(&first.join("bin/hello.cmd"), b"@echo hello from the store\r\n");
    put(&first.join("aux.h"), b"device");
    put(&second.join("file.txt"), &b"second ".repeat(1_000_000));
    let (one, other) = (laboratory.path("one"), laboratory.path("other"));
    let (one, other) = (serve(&one, first.clone()), serve(&other, second));
    let port = free_port();
    let change = format!(
        r#"{{"execute":"blockdev-change-medium","arguments":{{"id":"store","filename":"{other}","format":"raw","read-only-mode":"read-only","force":true}}}}"#
    );
    let script = format!(
        r#"
        win-exec 'dir D:\aaa-first'
        [[ $(win-exec 'D:\aaa-first\bin\hello.cmd') == *"hello from the store"* ]]
        [[ $(win-exec 'type D:\aaa-first\aux~1.h') == device ]]
        win-get 'D:\aaa-first\share'
        diff -r share {}/share
        win-exec 'echo x> D:\aaa-first\new' || true
        if win-exec 'type D:\aaa-first\new'; then exit 1; fi
        exec 3<> /dev/tcp/127.0.0.1/{port}
        answered() {{
          while read -r line <&3; do
            if [[ $line == *'"error"'* ]]; then echo "$line"; return 1; fi
            if [[ $line == *'"return"'* ]]; then return 0; fi
          done
        }}
        echo '{{"execute":"qmp_capabilities"}}' >&3; answered
        echo '{change}' >&3; answered
        for try in {{1..200}}; do
          if win-exec 'dir D:\bbb-second' > listed; then break; fi
        done
        cat listed
        win-get 'D:\bbb-second\file.txt'
        cmp file.txt store/bbb-second/file.txt
        ! win-exec 'dir D:\aaa-first'
        "#,
        first.display()
    );
    let mut spec: Run = laboratory.run_spec(&script);
    let flags = [
        "-drive".to_owned(),
        format!("if=none,id=s,media=cdrom,readonly=on,format=raw,file={one}"),
        "-device".into(),
        "ide-cd,id=store,bus=ide.3,drive=s".into(),
        "-qmp".into(),
        format!("tcp:127.0.0.1:{port},server=on,wait=off"),
    ];
    spec.machine.extra_qemu_flags.extend(flags);
    let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}
