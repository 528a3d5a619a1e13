//! What `doctor` tells of a host whose programs are given.

use serde_json::Value;

use crate::stage::Stage;

#[test]
fn a_host_without_a_guest_that_ends_is_not_fit_and_all_else_is_told_as_well() {
    let stage = Stage::new();
    fs_err::create_dir(stage.path("path")).unwrap();
    let put = |name: &str, text: &str| stage.write_program(&format!("path/{name}"), text);
    let qemu = put("qemu", "[ $1 = --version ] && echo 'QEMU emulator version 9.9' || exit 1");
    put("qemu-img", "echo 'qemu-img version 9.9'");
    // One that knows the older name alone.
    put(
        "nix",
        "case $* in
          --version) echo 'nix (Nix) 2.18' ;;
          *show-config) printf 'sandbox = false\\nsystem-features = kvm benchmark\\n' ;;
          *) exit 1 ;;
        esac",
    );
    let mut command = stage.command("wfvm-nix-builder");
    command.arg("doctor").arg("--json").arg("--qemu").arg(qemu);
    let output = command.env("PATH", stage.path("path")).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let check = |name: &str| {
        let mut all = report["checks"].as_array().unwrap().iter();
        all.find(|check| check["name"] == name).unwrap_or_else(|| panic!("{report:#}")).clone()
    };
    assert_eq!(check("kvm")["verdict"], "problem");
    assert!(check("qemu")["found"].as_str().unwrap().starts_with("QEMU emulator version 9.9 ("));
    assert_eq!(check("qemu-img")["verdict"], "good");
    assert_eq!(
        (&check("swtpm")["verdict"], &check("swtpm")["found"]),
        (&"warning".into(), &"not on PATH".into())
    );
    assert_eq!(check("nix")["found"], "nix (Nix) 2.18, sandbox = false");
    assert_eq!(
        (&check("nix")["verdict"], &check("system-features")["verdict"]),
        (&"warning".into(), &"warning".into())
    );
}
