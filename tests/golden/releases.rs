//! What Nix reads of the releases is what the program knows of them.

use serde_json::{Value, json};
use wfvm::guest_os::{Edition, GuestOs, RELEASES};

use crate::case::assert_golden;

/// A release, as `nix/windows-releases.json` has it.
fn release(os: &GuestOs) -> Value {
    let edition = |edition: &Edition, suffix: &str| {
        let image = format!("{} {}{}", os.product, edition.image, suffix.to_uppercase());
        json!({ "image": image, "productKeys": edition.keys().collect::<Vec<_>>() })
    };
    let editions: serde_json::Map<String, Value> = os
        .installation_types
        .iter()
        .flat_map(|kind| os.editions.iter().map(move |edition| (kind, edition)))
        .map(|(kind, of)| (format!("{}{}", of.id, kind.edition_suffix), edition(of, kind.edition_suffix)))
        .collect();
    json!({
        "title": os.title,
        "names": os.names,
        "build": os.build,
        "editions": editions,
        "payload": os.sshd.payload.is_some(),
        "minimum": { "size": os.minimal_disk_mib, "memSize": os.minimal_memory_mib },
        "serverFeatures": os.server_features,
        "virtioFolder": os.virtio_folder,
    })
}

#[test]
fn nix_knows_the_releases_as_the_program_does() {
    let releases: serde_json::Map<String, Value> =
        RELEASES.into_iter().map(|os| (os.name().text(), release(os))).collect();
    let text = serde_json::to_string_pretty(&releases).unwrap();
    let nix = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../nix");
    assert_golden(&nix, "windows-releases.json", &format!("{text}\n"));
}
