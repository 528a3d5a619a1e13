use std::io::Cursor;

use super::wim::Wim;
use super::*;
use crate::answer_file::{AnswerFile, Pass};

fn images() -> Vec<ImageDescription> {
    [(1, "Standard"), (2, "Datacenter")]
        .map(|(index, edition)| ImageDescription {
            index,
            name: format!("Reference Guest {edition}"),
            description: format!("Reference Guest {edition} (stand-in for Windows)"),
            edition: format!("Reference{edition}"),
            installation_type: "Client".to_owned(),
            build: Some(19043),
            languages: vec!["en-US".to_owned()],
        })
        .to_vec()
}

fn keys() -> ProductKeys {
    ProductKeys::parse(
        "ReferenceStandard RGSTD-22222-33333-44444-55555\nReferenceDatacenter RGDAT-22222-33333-44444-55555\n",
    )
}

fn chosen(metadata: &str, key: &str) -> Result<u32, String> {
    let text = format!(
        "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\
         <settings pass=\"windowsPE\"><component name=\"Microsoft-Windows-Setup\"><ImageInstall><OSImage><InstallFrom>{metadata}</InstallFrom>\
         </OSImage></ImageInstall><UserData>{key}</UserData></component></settings></unattend>"
    );
    let file = AnswerFile::parse(text.as_bytes()).unwrap();

    choose(&file.component(Pass::WindowsPe, "Setup"), &images(), &keys())
        .map(|image| image.index)
        .map_err(|page| page.cause)
}

fn metadata(key: &str, value: &str) -> String {
    format!("<MetaData wcm:action=\"add\"><Key>/IMAGE/{key}</Key><Value>{value}</Value></MetaData>")
}

fn key(key: &str) -> String {
    format!("<ProductKey><Key>{key}</Key></ProductKey>")
}

#[test]
fn an_image_is_chosen_by_index_name_or_description() {
    assert_eq!(chosen(&metadata("INDEX", "2"), ""), Ok(2));
    assert_eq!(chosen(&metadata("NAME", "Reference Guest Standard"), ""), Ok(1));
    assert_eq!(
        chosen(&metadata("DESCRIPTION", "Reference Guest Datacenter (stand-in for Windows)"), ""),
        Ok(2)
    );
}

#[test]
fn an_image_that_is_not_there_lists_what_is() {
    let cause = chosen(&metadata("NAME", "reference guest standard"), "").unwrap_err();
    assert!(cause.starts_with("L51") && cause.contains("Reference Guest Datacenter"), "{cause}");
}

#[test]
fn a_key_chooses_its_edition_and_must_agree_with_the_image() {
    assert_eq!(chosen("", &key("RGDAT-22222-33333-44444-55555")), Ok(2));
    assert!(
        chosen(&metadata("INDEX", "1"), &key("RGDAT-22222-33333-44444-55555"))
            .unwrap_err()
            .starts_with("L53")
    );
    assert!(chosen("", &key("RGDAT-22222-33333-44444-5555")).unwrap_err().starts_with("L52"));
    assert!(chosen("", &key("VK7JG-NPHTM-C97JM-9MPGT-3V66T")).unwrap_err().starts_with("L53"));
}

#[test]
fn without_image_and_key_the_image_page_appears() {
    assert!(chosen("", "").unwrap_err().starts_with("L55"));
}

#[test]
fn the_language_must_be_on_the_medium() {
    let ini =
        "[Available UI Languages]\r\nen-US = 3\r\nde-DE = 2\r\n\r\n[Fallback Languages]\r\nfr-FR = en-US\r\n";
    assert_eq!(check_language(Some("de-de"), ini), Ok(()));
    assert!(check_language(Some("fr-FR"), ini).unwrap_err().cause.starts_with("L57"));
}

#[test]
fn a_wim_is_read() {
    let file = wim();
    let wim = Wim::read(&mut Cursor::new(&file)).unwrap();
    let blob = wim.blob("windows.SQFS").unwrap();
    assert_eq!((blob.offset, blob.size), (208, 5));
    assert_eq!(wim.images[0].name, "One");
    assert!(wim.blob("other").is_err());
}

#[test]
fn a_damaged_wim_is_an_error_and_no_panic() {
    let file = wim();
    for length in 0..file.len() {
        drop(Wim::read(&mut Cursor::new(&file[..length])));
    }
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 0xFF;
        if let Ok(wim) = Wim::read(&mut Cursor::new(&damaged)) {
            drop(wim.blob("Windows.sqfs"));
        }
    }
}

/// The smallest WIM with one file in its image.
fn wim() -> Vec<u8> {
    let sha1 = [7_u8; 20];
    let mut metadata = vec![0_u8; 8];
    metadata[0] = 8;
    let mut root = vec![0_u8; 104];
    root[0] = 104;
    root[16..24].copy_from_slice(&(8_u64 + 104 + 8).to_le_bytes());
    metadata.extend(root);
    metadata.extend([0; 8]);
    let name: Vec<u8> = "Windows.sqfs".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut entry = vec![0_u8; 102];
    entry[64..84].copy_from_slice(&sha1);
    entry[100] = u8::try_from(name.len()).unwrap();
    entry.extend(&name);
    entry.resize(entry.len().next_multiple_of(8), 0);
    let length = entry.len() as u64;
    entry[..8].copy_from_slice(&length.to_le_bytes());
    metadata.extend(entry);
    metadata.extend([0; 8]);
    let xml: Vec<u8> = "\u{feff}<WIM><IMAGE INDEX=\"1\"><NAME>One</NAME></IMAGE></WIM>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();

    let resource = |offset: usize, size: usize, flags: u8| {
        let mut bytes = (size as u64).to_le_bytes();
        bytes[7] = flags;
        [bytes.to_vec(), (offset as u64).to_le_bytes().to_vec(), (size as u64).to_le_bytes().to_vec()]
            .concat()
    };
    let metadata_at = 208 + 5;
    let table_at = metadata_at + metadata.len();
    let table = [
        [resource(208, 5, 0), vec![1, 0, 1, 0, 0, 0], sha1.to_vec()].concat(),
        [resource(metadata_at, metadata.len(), 2), vec![1, 0, 1, 0, 0, 0], vec![9; 20]].concat(),
    ]
    .concat();
    let xml_at = table_at + table.len();
    let mut header = vec![0_u8; 208];
    header[..8].copy_from_slice(b"MSWIM\0\0\0");
    header[0x30..0x48].copy_from_slice(&resource(table_at, table.len(), 2));
    header[0x48..0x60].copy_from_slice(&resource(xml_at, xml.len(), 2));
    [header, b"hello".to_vec(), metadata, table, xml].concat()
}
