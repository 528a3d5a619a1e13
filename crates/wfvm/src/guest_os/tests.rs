use super::*;

const ALL: [&GuestOs; 2] = [&WINDOWS_11, &REFERENCE_GUEST];

#[test]
fn every_key_is_five_by_five_and_chooses_one_edition() {
    for os in ALL {
        let keys: Vec<&str> = os.editions.iter().flat_map(|edition| edition.keys.iter().copied()).collect();
        for key in &keys {
            let groups: Vec<&str> = key.split('-').collect();
            assert_eq!(groups.len(), 5, "{key}");
            let five = |group: &&str| {
                group.len() == 5 && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            };
            assert!(groups.iter().all(five), "{key}");
            assert_eq!(keys.iter().filter(|other| other == &key).count(), 1, "{key}");
        }
    }
}

#[test]
fn a_key_leads_to_its_edition_and_back() {
    let edition = WINDOWS_11.edition_of_key("mh37w-n47xk-v7xm9-c7227-gcqg9").unwrap();
    assert_eq!(edition.id, "ProfessionalN");
    assert_eq!(WINDOWS_11.generic_key("ProfessionalN"), Some("2B87N-8KFHP-DKV6R-Y2C8J-PKCKT"));
    assert!(WINDOWS_11.edition_of_key("RGSTD-22222-33333-44444-55555").is_none());
}
