use super::*;

#[test]
fn every_key_is_five_by_five_and_chooses_one_edition() {
    for os in RELEASES {
        let keys: Vec<&str> = os.editions.iter().flat_map(Edition::keys).collect();
        for key in &keys {
            let groups: Vec<&str> = key.split('-').collect();
            assert_eq!(groups.len(), 5, "{key}");
            let five = |group: &&str| {
                group.len() == 5 && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            };
            assert!(groups.iter().all(five), "{key}");
            assert_eq!(keys.iter().filter(|other| other == &key).count(), 1, "{}: {key}", os.title);
        }
    }
}

#[test]
fn a_key_leads_to_its_edition_and_back() {
    let edition = WINDOWS_11_24H2.edition_of_key("mh37w-n47xk-v7xm9-c7227-gcqg9").unwrap();
    assert_eq!(edition.id, "ProfessionalN");
    assert_eq!(WINDOWS_11_24H2.generic_key("ProfessionalN"), Some("2B87N-8KFHP-DKV6R-Y2C8J-PKCKT"));
    assert_eq!(WINDOWS_11_24H2.volume_key("Core"), Some("YTMG3-N6DKC-DKB77-7M9GH-8HVX7"));
    assert!(WINDOWS_11_24H2.edition_of_key("RGSTD-22222-33333-44444-55555").is_none());
    // Each server has keys of its own.
    let standard = |os: &GuestOs| os.generic_key("ServerStandard");
    assert_eq!(standard(&WINDOWS_SERVER_2019), Some("N69G4-B89J2-4G8F4-WWYCC-J464C"));
    assert_eq!(standard(&WINDOWS_SERVER_2022), Some("VDYBN-27WPP-V4HQT-9VMD4-VMK7H"));
    assert_eq!(standard(&WINDOWS_SERVER_2025), Some("TVRH6-WHNXV-R9WG3-9XRFY-MY832"));
}

#[test]
fn an_evaluation_has_no_key() {
    for os in RELEASES {
        for edition in os.editions.iter().filter(|edition| edition.is_evaluation()) {
            assert_eq!(edition.keys().count(), 0, "{}: {}", os.title, edition.id);
        }
    }
}

#[test]
fn an_image_is_of_one_release() {
    let title = |build, kind, edition| of_image(build, kind, edition).map(|os| os.title);
    // Clients and servers share build numbers.
    assert_eq!(title(17763, "Client", "EnterpriseS"), Some("Windows 10 22H2"));
    assert_eq!(title(17763, "Server", "ServerStandard"), Some("Windows Server 2019"));
    assert_eq!(title(19045, "Client", "Professional"), Some("Windows 10 22H2"));
    assert_eq!(title(20348, "Server Core", "ServerDatacenter"), Some("Windows Server 2022"));
    assert_eq!(title(22621, "Client", "Professional"), Some("Windows 11 23H2"));
    assert_eq!(title(26100, "client", "Professional"), Some("Windows 11 24H2"));
    assert_eq!(title(26100, "Server", "ServerStandardEval"), Some("Windows Server 2025"));
    assert_eq!(title(26200, "Client", "Professional"), Some("Windows 11 25H2"));
    // The reference guest has a build of Windows 10's and editions of its own.
    assert_eq!(title(19043, "Client", "ReferenceStandard"), Some("reference guest"));
    assert_eq!(title(19043, "Client", "CoreCountrySpecific"), Some("Windows 10 22H2"));
    assert_eq!(title(9600, "Client", "Professional"), None);
    assert_eq!(title(20348, "Client", "Professional"), None);
}

#[test]
fn the_builds_of_two_releases_of_one_type_do_not_meet() {
    let windows = || RELEASES.into_iter().filter(|os| os.virtio_folder.is_some());
    for one in windows() {
        assert!(one.builds.contains(&one.build), "{}", one.title);
        for other in
            windows().filter(|other| other.title != one.title && other.product_type == one.product_type)
        {
            assert!(
                one.builds.end() < other.builds.start() || other.builds.end() < one.builds.start(),
                "{} and {}",
                one.title,
                other.title
            );
        }
    }
}

#[test]
fn a_family_has_its_releases_with_the_newest_last() {
    let titles = |name| named(name).map(|os| os.title).collect::<Vec<_>>();
    assert_eq!(titles(GuestOsName::Windows11), ["Windows 11 23H2", "Windows 11 24H2", "Windows 11 25H2"]);
    assert_eq!(titles(GuestOsName::WindowsServer2022), ["Windows Server 2022"]);
    for os in RELEASES {
        assert_eq!(titles(os.name()), [os.title], "a release's own name is nobody else's");
    }
}

#[test]
fn what_is_preferred_exists() {
    for os in RELEASES {
        for edition in os.preferred_editions {
            let known = os.edition(edition).is_some();
            assert!(known || *edition == "ServerTurbine", "{}: {edition}", os.title);
        }
    }
}

#[test]
fn a_server_without_a_desktop_is_an_edition_of_its_own() {
    assert_eq!(WINDOWS_SERVER_2025.edition_name("ServerStandard", "Server"), "ServerStandard");
    assert_eq!(WINDOWS_SERVER_2025.edition_name("ServerStandard", "Server Core"), "ServerStandardCore");
}

#[test]
fn each_release_says_what_its_base_leaves_open() {
    for os in RELEASES {
        assert!(!os.names.is_empty() && !os.title.is_empty() && !os.product.is_empty(), "{}", os.title);
        assert!(os.build > 0 && os.builds.contains(&os.build), "{}", os.title);
    }
}
