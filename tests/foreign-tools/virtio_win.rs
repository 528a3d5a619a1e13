//! Virtio-win's medium, made by `genisoimage` as its makers do (virtio-win.spec): what is taken of it for a release and a
//! machine, and that the reference guest's Setup puts it into the image.

use std::path::Path;

use serde_json::{Value, json};
use wfvm::install;
use wfvm::preflight::{Finding, Severity};
use wfvm::spec::{self, Install};

use crate::program::{Place, output};
use crate::rehearsal::{MEDIA, Medium};
use crate::synthetic::genisoimage;

const RELEASES: [&str; 5] = ["w10", "w11", "2k19", "2k22", "2k25"];
const DRIVERS: [(&str, &str); 4] =
    [("viostor", "viostor"), ("NetKVM", "netkvm"), ("Balloon", "balloon"), ("viorng", "viorng")];

/// The layout of the true medium, with packages that name their files and are signed by Microsoft's programme.
fn unpacked(place: &Place) -> String {
    for (folder, name) in DRIVERS {
        for release in RELEASES {
            for architecture in ["amd64", "x86"] {
                let at = |kind: &str| format!("virtio-win/{folder}/{release}/{architecture}/{name}.{kind}");
                let inf = format!(
                    "; {release} {architecture}\r\n[Version]\r\nSignature=\"$WINDOWS NT$\"\r\nClass=System\r\n\
                     ClassGuid={{4D36E97D-E325-11CE-BFC1-08002BE10318}}\r\nProvider=Test\r\nDriverVer=01/02/2026,1.2.3.4\r\n\
                     CatalogFile={name}.cat\r\n[SourceDisksNames]\r\n1=Disk\r\n[SourceDisksFiles]\r\n{name}.sys=1\r\n"
                );
                place.put(&at("inf"), inf.as_bytes());
                place.put(&at("sys"), format!("{folder} {release} {architecture}").as_bytes());
                place.put(&at("cat"), &catalog());
                place.put(&at("pdb"), &[0; 9000]);
            }
        }
    }
    place.put("virtio-win/virtio-win_license.txt", b"licence");
    place.text("virtio-win")
}

/// A message of PKCS #7 with the signer of Microsoft's hardware programme, as far as the guest reads it.
fn catalog() -> Vec<u8> {
    let mut catalog =
        vec![0x30, 0x82, 0, 11, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
    catalog.extend(b"Microsoft Windows Hardware Compatibility Publisher");
    catalog
}

/// The same as an ISO.
fn iso(place: &Place, options: &[&str]) -> String {
    let (folder, iso) = (unpacked(place), place.text("virtio-win.iso"));
    let mut words = vec!["-quiet", "-input-charset", "iso8859-1", "-V", "virtio-win-0.1.285", "-o", &iso];
    words.extend(options);
    words.push(&folder);
    output("genisoimage", &words);
    iso
}

/// As virtio-win.spec has it.
const AS_ITS_MAKERS: [&str; 3] = ["-r", "-iso-level", "4"];

/// A spec with a virtio disk and card.
fn spec(medium: &str, guest: &str, index: usize, virtio_win: &str) -> Value {
    let base = include_str!("../golden/answer-file/base.json");
    let mut spec: Value = serde_json::from_str(base).unwrap_or_else(|error| panic!("{error}"));
    spec["installationMedium"] = json!(medium);
    spec["guestOs"] = json!(guest);
    spec["image"] = json!({ "index": index });
    spec["machine"]["firmware"] = json!("uefi");
    spec["machine"]["memoryMib"] = json!(4096);
    spec["machine"]["diskBus"] = json!("virtio");
    spec["machine"]["networkCard"] = json!("virtio");
    spec["machine"]["tpm"] = json!(true);
    spec["answerFile"]["settings"] = json!({ "virtioWin": virtio_win });
    spec
}

fn parsed(spec: &Value) -> Install {
    spec::parse(&spec.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

/// The files below a folder, by their paths from it.
fn files(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let mut files: Vec<String> =
        output("find", &[&folder, "-type", "f", "-printf", "%P\\n"]).lines().map(str::to_owned).collect();
    files.sort();
    files
}

#[test]
fn every_release_gets_its_own_drivers_of_what_the_machine_has() {
    let place = Place::new();
    let archive = place.put("OpenSSH-Win64.zip", b"PK");
    let virtio_win = iso(&place, &AS_ITS_MAKERS);
    for (entry, strategy) in MEDIA.into_iter().flat_map(|entry| [(entry, "setup"), (entry, "apply")]) {
        let (name, images, _) = entry;
        let medium = Medium::new(entry);
        let iso = genisoimage(&medium.place, &["-udf", "-allow-limited-size"]);
        let index =
            images.iter().position(|(_, edition, kind)| *edition == medium.edition && *kind != "Server Core");
        let mut json = spec(&iso, name, index.unwrap_or_default() + 1, &virtio_win);
        json["strategy"] = json!(strategy);
        if medium.os.sshd.payload.is_some() {
            json["payload"] = json!([{ "name": "OpenSSH-Win64.zip", "source": archive }]);
        }
        let spec = parsed(&json);
        let answers = Place::new();
        install::answer_medium(&spec, &answers.path("answers.iso"))
            .unwrap_or_else(|error| panic!("{name} by {strategy}: {error}"));
        output("7z", &["x", "-y", &format!("-o{}", answers.text("")), &answers.text("answers.iso")]);
        let drivers = answers.path("drivers");
        assert_eq!(
            files(&drivers),
            [
                "virtio-win/NetKVM/netkvm.cat",
                "virtio-win/NetKVM/netkvm.inf",
                "virtio-win/NetKVM/netkvm.sys",
                "virtio-win/viostor/viostor.cat",
                "virtio-win/viostor/viostor.inf",
                "virtio-win/viostor/viostor.sys",
            ],
            "{name} by {strategy}"
        );
        let release = medium.os.virtio_folder.unwrap_or_default();
        let sys = fs_err::read_to_string(drivers.join("virtio-win/viostor/viostor.sys")).unwrap();
        assert_eq!(sys, format!("viostor {release} amd64"));
        let report =
            medium.rehearse(&answers, &spec).unwrap_or_else(|page| panic!("{name} by {strategy}: {page}"));
        assert_eq!(report["drivers"], json!(["netkvm.inf", "viostor.inf"]), "{name} by {strategy}");

        // A package that is not whole does not go into the image.
        fs_err::remove_file(drivers.join("virtio-win/viostor/viostor.sys")).unwrap();
        let page = medium.rehearse(&answers, &spec).expect_err("a file of a package is missing");
        assert!(page.contains("viostor.inf: ") && page.contains("0x2"), "{page}");
    }
}

/// What is found about the option, before a machine starts.
fn found(spec: &Value) -> Vec<Finding> {
    let verdict = install::preflight(&parsed(spec)).unwrap_or_else(|error| panic!("{error}"));
    let of_the_option = |finding: &&Finding| finding.field == "answerFile.settings.virtioWin";
    verdict.findings.iter().filter(of_the_option).cloned().collect()
}

#[test]
fn what_is_missing_is_told_with_what_there_is_instead() {
    let place = Place::new();
    let medium = Medium::new(MEDIA[2]);
    let windows = genisoimage(&medium.place, &["-udf", "-allow-limited-size"]);
    let virtio_win = unpacked(&place);
    let good = spec(&windows, "windows-11-24h2", 6, &virtio_win);
    assert_eq!(found(&good), []);
    let told = |spec: &Value| {
        let found = found(spec);
        let lines = found.iter().map(|finding| {
            let refused = if finding.severity == Severity::Refusal { "" } else { "not refused: " };
            format!("{refused}{} ({})", finding.problem, finding.advice)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let with = |change: &dyn Fn(&mut Value)| {
        let mut spec = good.clone();
        change(&mut spec);
        told(&spec)
    };
    let at = |path: &str| {
        let path = path.to_owned();
        move |spec: &mut Value| spec["answerFile"]["settings"]["virtioWin"] = json!(path)
    };
    let gone = place.text("gone");
    assert!(with(&at(&gone)).contains("No such file"));
    let zip = place.put("some.zip", &vec![0; 1 << 20]);
    assert!(with(&at(&zip)).starts_with("this is not an ISO image"), "{}", with(&at(&zip)));
    let windows_itself = with(&at(&windows));
    assert!(
        windows_itself.contains("the machine needs `viostor/w11/amd64`, which is not there (it has "),
        "{windows_itself}"
    );
    assert_eq!(windows_itself.lines().count(), 2);

    fs_err::rename(place.path("virtio-win/viostor/w11/amd64"), place.path("virtio-win/viostor/w11/ARM64"))
        .unwrap();
    fs_err::rename(place.path("virtio-win/NetKVM/w11"), place.path("virtio-win/NetKVM/w7")).unwrap();
    assert_eq!(
        told(&good),
        "the machine needs `viostor/w11/amd64`, which is not there (`viostor/w11` has `ARM64`, `x86`)\n\
         the machine needs `NetKVM/w11/amd64`, which is not there (`NetKVM` has `2k19`, `2k22`, `2k25`, `w10`, `w7`)"
    );
    fs_err::create_dir(place.path("virtio-win/viostor/w11/amd64")).unwrap();
    assert!(told(&good).contains("`viostor/w11/amd64` has no .inf file (it has nothing)"), "{}", told(&good));
    let idle = with(&|spec| {
        spec["machine"]["diskBus"] = json!("sata");
        spec["machine"]["networkCard"] = json!("e1000e");
    });
    assert!(idle.starts_with("not refused: the machine has no device that its drivers are for"), "{idle}");
}

#[test]
fn a_device_of_the_users_and_every_kind_of_names_are_understood() {
    let medium = Medium::new(MEDIA[6]);
    let windows = genisoimage(&medium.place, &["-udf", "-allow-limited-size"]);
    for options in [&AS_ITS_MAKERS[..], &["-J"], &["-r"], &["-J", "-r", "-udf"], &["-iso-level", "4"]] {
        let place = Place::new();
        let virtio_win = iso(&place, options);
        let mut spec = spec(&windows, "windows-server-2025", 4, &virtio_win);
        spec["machine"]["networkCard"] = json!("e1000e");
        spec["machine"]["extraQemuFlags"] = json!(["-device", "virtio-rng-pci"]);
        let answers = place.path("answers.iso");
        install::answer_medium(&parsed(&spec), &answers)
            .unwrap_or_else(|error| panic!("{options:?}: {error}"));
        output("7z", &["x", "-y", &format!("-o{}", place.text("out")), &answers.display().to_string()]);
        let drivers: Vec<String> = files(&place.path("out/drivers"));
        let folders: Vec<&str> = drivers.iter().filter_map(|file| file.split('/').nth(1)).collect();
        assert_eq!(folders, ["viorng", "viorng", "viorng", "viostor", "viostor", "viostor"], "{options:?}");
    }
}
