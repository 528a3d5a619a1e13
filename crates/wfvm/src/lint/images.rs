//! Which image is installed, and with which key.

use super::{
    Findings, Target,
    installation::{Installation, SHELL},
    rule::rules,
    target,
    tree::{Node, at, is_true, text, text_at},
};
use crate::answer_schema::{Pass, is_product_key};
use crate::guest_os::{self, RELEASES};
use crate::windows_iso::WindowsIso;

rules! {
    NO_WINDOWS_PE = Error "no-windows-pe" "L28" {
        says: "A file called Autounattend.xml says nothing for windowsPE.",
        consequence: "Setup passes over a file without settings for its first pass, and asks everything.",
        advice: "Add settings for windowsPE, or call the file unattend.xml if it is for sysprep or for an image.",
        source: "Microsoft, \"Windows Setup Automation Overview\": implicit answer file search",
        basis: Documented, needs: File,
    }
    EULA_NOT_ACCEPTED = Error "eula-not-accepted" "L29" {
        says: "Setup is to install, and the licence is not accepted.",
        consequence: "Setup shows the licence, and waits.",
        advice: "Add `<AcceptEula>true</AcceptEula>` to `UserData`.",
        source: "unattend reference, AcceptEula: required for all unattended installations",
        basis: Documented, needs: File,
    }
    IMAGE_INDEX = Error "image-index" "L51" {
        says: "`/IMAGE/INDEX` is not a number from 1.",
        consequence: "Setup does not find the image.",
        advice: "Write the index of the image in install.wim, or select by `/IMAGE/NAME`.",
        source: "unattend reference, InstallFrom/MetaData",
        basis: Documented, needs: File,
    }
    NO_SUCH_IMAGE = Error "no-such-image" "L51" {
        says: "The medium has no image of that index, name or description.",
        consequence: "Setup shows the page that lists the images, or \"could not apply the … <ImageInstall> setting\".",
        advice: "Write what the medium has; names count letter by letter and differ between languages.",
        source: "unattend reference, InstallFrom/MetaData; the medium's own list",
        basis: Documented, needs: Iso,
    }
    INSTALL_FROM_PATH = Warning "install-from-path" "L86" {
        says: "`InstallFrom/Path` names another file than the medium has.",
        consequence: "Setup does not find the image.",
        advice: "Leave `Path` out: Setup finds install.wim, .esd or .swm by itself.",
        source: "unattend reference, InstallFrom/Path",
        basis: Documented, needs: Iso,
    }
    MALFORMED_KEY = Error "malformed-key" "L52" {
        says: "A product key is not five groups of five letters or digits.",
        consequence: "Setup says that it cannot validate the key, and waits.",
        advice: "Write 29 characters, such as `VK7JG-NPHTM-C97JM-9MPGT-3V66T`.",
        source: "unattend reference, ProductKey/Key",
        basis: Documented, needs: File,
    }
    PLACEHOLDER_KEY = Error "placeholder-key" "L52" {
        says: "A product key is a placeholder.",
        consequence: "\"Setup has failed to validate the product key\".",
        advice: "Write a key of the edition; Microsoft publishes some that choose an edition and activate nothing.",
        source: "unattend reference, ProductKey/Key",
        basis: Documented, needs: File,
    }
    KEY_OF_OTHER_EDITION = Error "key-of-other-edition" "L53" {
        says: "The product key is that of another edition than the image.",
        consequence: "\"The product key entered does not match any of the Windows images available for installation\".",
        advice: "Take a key of the image's edition, or another image.",
        source: "Microsoft, \"Windows Setup edition configuration and product ID files\"; published keys",
        basis: Documented, needs: Iso,
    }
    KEY_WITH_EVALUATION = Error "key-with-evaluation" "L54" {
        says: "A product key is given for an evaluation image.",
        consequence: "Evaluations take no key: Setup refuses it.",
        advice: "Leave `ProductKey` out and select the image by index.",
        source: "dockur/windows leaves it out",
        basis: Reported, needs: Iso,
    }
    NO_SELECTION = Warning "no-image-selected" "L55" {
        says: "The medium has several images, and neither a key nor `MetaData` selects one.",
        consequence: "Setup shows the page that lists the images, and waits.",
        advice: "Select by `/IMAGE/INDEX`, and give the edition's key.",
        source: "Microsoft, \"Automate Windows Setup\"",
        basis: Documented, needs: Iso,
    }
    NO_KEY = Warning "no-key" "L56" {
        says: "A client of several editions is installed without a key, and the medium's ei.cfg does not say its edition.",
        consequence: "Older Setups show the page for the key although an index is given.",
        advice: "Give the edition's published key.",
        source: "reported for media of consumer editions, not by Microsoft's documents",
        basis: Reported, needs: Iso,
    }
}

const KEY: &str = "UserData/ProductKey/Key";

pub(super) fn check(installation: &Installation, target: &Target, findings: &mut Findings) {
    let is_autounattend =
        target.file_name.is_some_and(|name| name.eq_ignore_ascii_case(crate::answer_file::FILE_NAME));
    if is_autounattend && !installation.has(Pass::WindowsPe) && !any_windows_pe(installation.root) {
        findings.add(&NO_WINDOWS_PE, installation.root, "no component stands in the pass windowsPE");
    }
    let activation =
        installation.component(Pass::Specialize, SHELL).and_then(|shell| at(shell, "ProductKey"));
    let setup = installation.setup();
    let key = setup.and_then(|setup| at(setup, KEY));
    for key in [key, activation].into_iter().flatten() {
        key_itself(key, findings);
    }
    if let Some(setup) = setup.filter(|_| installation.is_by_setup()) {
        if !is_true(setup, "UserData/AcceptEula") {
            let place = at(setup, "UserData/AcceptEula").or_else(|| at(setup, "UserData")).unwrap_or(setup);
            findings.add(&EULA_NOT_ACCEPTED, place, "`AcceptEula` is not `true`");
        }
        index(setup, findings);
        if let Some(iso) = target.iso {
            on_medium(installation, setup, iso, findings);
        }
    }
    for key in [key, activation].into_iter().flatten() {
        edition(installation, key, target, findings);
    }
}

fn any_windows_pe(root: Node) -> bool {
    super::tree::elements(root).any(|settings| {
        settings.attribute("pass") == Some(Pass::WindowsPe.name())
            && super::tree::elements(settings).next().is_some()
    })
}

fn key_itself(node: Node, findings: &mut Findings) {
    let key = text(node);
    if key.is_empty() {
        return;
    }
    let whole = is_product_key(&key);
    let letters = key.replace('-', "");
    let same = letters.chars().next().is_some_and(|first| letters.chars().all(|letter| letter == first));
    if whole && (same || key.eq_ignore_ascii_case("12345-12345-12345-12345-12345")) {
        findings.add(&PLACEHOLDER_KEY, node, "the key is a placeholder");
    } else if !whole {
        let (groups, length) = (key.split('-').count(), key.chars().count());
        findings.add(&MALFORMED_KEY, node, format!("the key has {groups} groups, {length} characters"));
    }
}

fn index(setup: Node, findings: &mut Findings) {
    let Some(metadata) = at(setup, "ImageInstall/OSImage/InstallFrom/MetaData") else { return };
    let by_index = text_at(metadata, "Key").as_deref() == Some("/IMAGE/INDEX");
    if let Some(value) = at(metadata, "Value").filter(|_| by_index) {
        let number = text(value);
        if !number.is_empty() && !number.parse::<u32>().is_ok_and(|index| index > 0) {
            findings.add(&IMAGE_INDEX, value, format!("the index is `{number}`"));
        }
    }
}

fn on_medium(installation: &Installation, setup: Node, iso: &WindowsIso, findings: &mut Findings) {
    let offered = || {
        let list = iso.images.iter().map(|image| format!("{} \"{}\"", image.index, image.name));
        format!("the medium has {}", list.collect::<Vec<_>>().join(", "))
    };
    let value = at(setup, "ImageInstall/OSImage/InstallFrom/MetaData/Value");
    if let (Some((key, value)), Some(place)) = (installation.selected(), value) {
        let known = ["/IMAGE/INDEX", "/IMAGE/NAME", "/IMAGE/DESCRIPTION"].contains(&key.as_str());
        if known && target::matching(&iso.images, &key, &value).next().is_none() {
            findings.add_with_hint(&NO_SUCH_IMAGE, place, format!("{key} `{value}` is not there"), offered());
        }
    }
    let key = at(setup, KEY);
    let selected = installation.selected().is_some();
    if iso.images.len() > 1 && key.is_none() && !selected {
        let place = at(setup, "ImageInstall").unwrap_or(setup);
        findings.add_with_hint(&NO_SELECTION, place, "neither a key nor `MetaData`", offered());
    }
    let of_clients =
        iso.images.iter().all(|image| image.installation_type == "Client" && !image.is_evaluation());
    let edition_known = iso.ei_cfg.as_ref().is_some_and(|ei_cfg| {
        ei_cfg.edition_id.is_some()
            || ei_cfg.channel.as_deref().is_some_and(|channel| channel.eq_ignore_ascii_case("Volume"))
    });
    if iso.images.len() > 1
        && key.is_none()
        && selected
        && of_clients
        && !edition_known
        && iso.product_key.is_none()
    {
        findings.add(&NO_KEY, at(setup, "UserData").unwrap_or(setup), "no key is given");
    }
    if let Some(path) = at(setup, "ImageInstall/OSImage/InstallFrom/Path") {
        let given = text(path).to_lowercase();
        let file = given.rsplit(['\\', '/']).next().unwrap_or_default();
        let there = iso.install_image.rsplit('/').next().unwrap_or_default();
        if file.starts_with("install.") && file != there {
            findings.add(&INSTALL_FROM_PATH, path, format!("the medium has {there}, not {file}"));
        }
    }
}

fn edition(installation: &Installation, node: Node, target: &Target, findings: &mut Findings) {
    let Some(image) = installation.image(target) else { return };
    if image.is_evaluation() {
        findings.add(
            &KEY_WITH_EVALUATION,
            node,
            format!("image {} `{}` is an evaluation", image.index, image.name),
        );
        return;
    }
    let key = text(node);
    let release =
        image.build.and_then(|build| guest_os::of_image(build, &image.installation_type, &image.edition_id));
    // A key is of one edition, and of one release where the releases' keys differ.
    let of_release = release.and_then(|release| release.edition_of_key(&key)).map(|edition| edition.id);
    let known = of_release.map(str::to_owned).or_else(|| {
        let other = RELEASES.into_iter().find_map(|os| Some((os, os.edition_of_key(&key)?)))?;
        let (os, edition) = other;
        Some(if edition.id == image.edition_id {
            format!("{} of {}", edition.id, os.title)
        } else {
            edition.id.to_owned()
        })
    });
    if let Some(known) = known.filter(|known| *known != image.edition_id) {
        findings.add(
            &KEY_OF_OTHER_EDITION,
            node,
            format!(
                "the key is that of {known}, image {} `{}` is {}",
                image.index, image.name, image.edition_id
            ),
        );
    }
}
