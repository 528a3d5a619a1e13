use serde_json::{Value, json};

use super::*;

fn template(change: impl FnOnce(&Path, &mut Value)) -> Result<Vec<u8>, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    fs_err::write(file(MEMORY), [vec![1; 100_000], vec![0; 300_000]].concat()).unwrap();
    fs_err::write(file(STATE), "state").unwrap();
    let sums = dig(&file(MEMORY)).unwrap();
    fs_err::write(file(SUMS), &sums).unwrap();
    let mut manifest = json!({
        "wfvmTemplate": VERSION, "name": "t", "image": "/i", "acceleration": "tcg", "qemu": "/q",
        "qemuVersion": "10", "firmware": null, "hostCpu": null, "nonce": "n",
        "machine": { "firmware": "bios", "accelerator": "tcg", "cores": 2, "memoryMib": 2048 },
        "memoryBytes": 400_000, "stateBytes": 5,
        "stateSha256": sha256(b"state"),
        "sumsSha256": sha256(&sums),
    });
    change(directory.path(), &mut manifest);
    fs_err::write(file(MANIFEST), manifest.to_string()).unwrap();
    let template = Template::at(directory.path()).map_err(|error| error.to_string())?.unwrap();
    template.state(Extent::Whole).map_err(|error| error.to_string())
}

#[test]
fn a_whole_template_gives_its_state() {
    assert_eq!(template(|_, _| {}), Ok(b"state".to_vec()));
}

#[test]
fn what_was_cut_changed_or_written_by_another_version_is_told() {
    let cut = template(|directory, _| {
        fs_err::OpenOptions::new().write(true).open(directory.join(MEMORY)).unwrap().set_len(99).unwrap();
    });
    assert!(cut.unwrap_err().ends_with("memory is damaged: it has 99 bytes instead of 400000"));
    let changed = template(|directory, _| fs_err::write(directory.join(STATE), "stats").unwrap());
    assert!(changed.unwrap_err().contains("state is damaged: its checksum"));
    let sums = template(|directory, _| fs_err::write(directory.join(SUMS), "sums").unwrap());
    assert!(sums.unwrap_err().contains("memory.sums is damaged"));
    let other = template(|_, manifest| manifest["wfvmTemplate"] = 2.into());
    assert!(other.unwrap_err().contains("version 2"));
    let foreign = template(|_, manifest| manifest["machine"]["cores"] = "many".into());
    assert!(foreign.unwrap_err().contains("manifest.json: invalid type"));
}

#[test]
fn neither_an_image_nor_its_directory_is_a_template() {
    let directory = tempfile::tempdir().unwrap();
    assert!(Template::at(directory.path()).unwrap().is_none());
    let image = directory.path().join("disk-image.qcow2");
    fs_err::write(&image, "").unwrap();
    assert!(Template::at(&image).unwrap().is_none());
}
