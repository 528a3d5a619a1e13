//! Disks and media that come and go while the guest runs.

use crate::laboratory::{Laboratory, free_port};

/// `qmp EXECUTE ARGUMENTS` of the machine, and `until COMMAND`, which waits for a command of the guest to go well.
const FUNCTIONS: &str = r#"
set -e
answered() {
    while read -r line <&3; do
        if [[ $line == *'"error"'* ]]; then echo "$line"; return 1; fi
        if [[ $line == *'"return"'* ]]; then return 0; fi
    done
}
qmp() { echo "{\"execute\":\"$1\",\"arguments\":$2}" >&3; answered; }
until_true() {
    for try in {1..60}; do
        if "$@" > said 2>&1; then return 0; fi
    done
    echo "this did not become true: $*"; cat said; return 1
}
fails() { ! win-exec "$1"; }
# The letter is there, without files: Windows shows an empty drive as well.
empty() { ! win-exec "type $1"; }
medium() { # LABEL
    mkdir -p "$1"; echo "$1" > "$1/$1.txt"; genisoimage -quiet -J -V "$1" -o "$1.iso" "$1"
}
insert() { # FILE: as a person does it: the guest is not asked
    qmp blockdev-open-tray '{"id":"drive"}'
    qmp blockdev-remove-medium '{"id":"drive"}'
    qmp blockdev-add "{\"driver\":\"raw\",\"node-name\":\"$1\",\"read-only\":true,\"file\":{\"driver\":\"file\",\"filename\":\"$PWD/$1.iso\",\"read-only\":true}}"
    qmp blockdev-insert-medium "{\"id\":\"drive\",\"node-name\":\"$1\"}"
    qmp blockdev-close-tray '{"id":"drive"}'
}
"#;

fn with_machine(script: &str) {
    let laboratory = Laboratory::new();
    let port = free_port();
    let opened =
        format!("exec 3<> /dev/tcp/127.0.0.1/{port}\nread -r greeting <&3\nqmp qmp_capabilities '{{}}'");
    let mut spec = laboratory.run_spec(&format!("{FUNCTIONS}\n{opened}\n{script}"));
    spec.machine.extra_qemu_flags.extend([
        "-device".to_owned(),
        "ide-cd,id=drive,bus=ide.3".to_owned(),
        "-qmp".to_owned(),
        format!("tcp:127.0.0.1:{port},server=on,wait=off"),
    ]);
    let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}

#[test]
fn a_disk_that_is_plugged_in_has_the_next_letter_until_it_goes() {
    with_machine(
        r#"
        truncate -s 64M stick; mkfs.fat stick > /dev/null; echo on the stick > file.txt; mcopy -i stick file.txt ::
        plug() {
            qmp blockdev-add "{\"driver\":\"raw\",\"node-name\":\"$1\",\"file\":{\"driver\":\"file\",\"filename\":\"$PWD/$1\"}}"
            qmp device_add "{\"driver\":\"usb-storage\",\"id\":\"$1-device\",\"drive\":\"$1\",\"removable\":true}"
        }
        fails 'dir E:\'
        plug stick
        until_true win-exec 'type E:\file.txt'
        [[ $(< said) == "on the stick"* ]]
        win-exec 'echo back> E:\back.txt'
        win-exec 'mountvol E: /P'
        fails 'dir E:\'
        qmp device_del '{"id":"stick-device"}'
        until_true qmp blockdev-del '{"node-name":"stick"}'
        mtype -i stick ::back.txt | grep back

        # Its letter is free again, and another disk in its place is another.
        truncate -s 64M other; mkfs.fat other > /dev/null; mcopy -i other file.txt ::other.txt
        plug other
        until_true win-exec 'type E:\other.txt'
        # Pulled out without a word.
        qmp device_del '{"id":"other-device"}'
        until_true fails 'dir E:\'
        "#,
    );
}

#[test]
fn a_cd_is_seen_when_it_is_put_in_and_missed_when_it_is_taken_out() {
    with_machine(
        r#"
        # Of one size: nothing but the change tells them apart.
        medium first; medium other
        [[ $(stat -c %s first.iso) == $(stat -c %s other.iso) ]]
        empty 'D:\first.txt'
        insert first
        until_true win-exec 'type D:\first.txt'
        # Nobody asks the guest whether it may be taken out: as with Windows, the door is not locked.
        insert other
        until_true win-exec 'type D:\other.txt'
        empty 'D:\first.txt'
        # QEMU's drive tells of nothing while its tray is open.
        qmp blockdev-open-tray '{"id":"drive"}'
        qmp blockdev-remove-medium '{"id":"drive"}'
        qmp blockdev-close-tray '{"id":"drive"}'
        until_true empty 'D:\other.txt'
        "#,
    );
}

#[test]
fn a_letter_that_was_given_is_that_of_the_same_disk_when_it_comes_again() {
    with_machine(
        r#"
        echo on the disk > file.txt
        partitioned() { # FILE SIGNATURE
            truncate -s 64M "$1"; mkfs.fat -F 16 --offset 2048 "$1" 64512 > /dev/null; mcopy -i "$1@@1M" file.txt ::
            printf "$2" | dd of="$1" bs=1 seek=440 conv=notrunc status=none
            # One partition of type 0x0E from sector 2048 on, of 129,024 sectors.
            printf '\x00\xfe\xff\xff\x0e\xfe\xff\xff\x00\x08\x00\x00\x00\xf8\x01\x00' | dd of="$1" bs=1 seek=446 conv=notrunc status=none
            printf '\x55\xaa' | dd of="$1" bs=1 seek=510 conv=notrunc status=none
        }
        plug() {
            qmp blockdev-add "{\"driver\":\"raw\",\"node-name\":\"$1\",\"file\":{\"driver\":\"file\",\"filename\":\"$PWD/$1\"}}"
            qmp device_add "{\"driver\":\"usb-storage\",\"id\":\"$1-device\",\"drive\":\"$1\"}"
        }
        unplug() {
            qmp device_del "{\"id\":\"$1-device\"}"
            until_true qmp blockdev-del "{\"node-name\":\"$1\"}"
        }
        give() { # FROM TO
            volume=$(win-exec "mountvol $1 /L"); volume=${volume//[[:space:]]/}
            win-exec "mountvol $1 /D"; win-exec "mountvol $2 $volume"
        }
        partitioned one ONE1; partitioned two TWO2
        plug one
        until_true win-exec 'type E:\file.txt'
        give E: X:
        win-exec 'type X:\file.txt'
        unplug one
        until_true fails 'type X:\file.txt'

        plug one
        until_true win-exec 'type X:\file.txt'
        fails 'type E:\file.txt'
        # Another signature is another disk, at whatever port.
        plug two
        until_true win-exec 'type E:\file.txt'
        unplug two
        # An empty drive keeps its letter as well, and all of it is known after a restart.
        medium disc
        give D: S:
        win-restart
        until_true win-exec 'type X:\file.txt'
        insert disc
        until_true win-exec 'type S:\disc.txt'
        "#,
    );
}
