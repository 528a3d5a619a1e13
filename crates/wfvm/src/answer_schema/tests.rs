use super::*;

#[test]
fn the_tables_are_read_whole() {
    assert!(components().count() > 80, "{}", components().count());
    let settings: usize = components().map(|component| component.paths().count()).sum();
    assert!(settings > 900, "{settings}");
    for component in components() {
        assert!(component.passes().next().is_some(), "{} is of no pass", component.name);
    }
}

#[test]
fn what_contains_a_setting_is_a_container_of_its_passes() {
    for component in components() {
        for path in component.paths() {
            let Some((parent, _)) = path.rsplit_once('/') else { continue };
            let of = component.setting(parent);
            let of = of.unwrap_or_else(|| panic!("{}: {path} has no {parent}", component.name));
            assert!(of.kind.is_container(), "{}: {parent} is a {:?}", component.name, of.kind);
            for pass in component.setting(path).unwrap().passes() {
                assert!(
                    of.is_valid_in(pass),
                    "{}: {path} but not {parent} in {}",
                    component.name,
                    pass.name()
                );
            }
        }
    }
}

#[test]
fn settings_are_as_their_pages_say() {
    let setup = component("Microsoft-Windows-Setup").unwrap();
    let kind = setup.setting("DiskConfiguration/Disk/CreatePartitions/CreatePartition/Type").unwrap();
    assert_eq!(kind.kind, Kind::OneOf(vec!["Primary", "EFI", "Extended", "Logical", "MSR"]));
    assert!(!kind.may_be_empty);
    let shell = component("microsoft-windows-shell-setup").unwrap();
    assert_eq!(shell.setting("ComputerName").unwrap().greatest_length, Some(15));
    let command = shell.setting("FirstLogonCommands/SynchronousCommand").unwrap();
    assert_eq!(command.kind, Kind::ListItem);
    assert_eq!(command.passes().collect::<Vec<_>>(), [Pass::OobeSystem]);
    let deny = component("Microsoft-Windows-TerminalServices-LocalSessionManager").unwrap();
    let passes: Vec<Pass> = deny.setting("fDenyTSConnections").unwrap().passes().collect();
    assert_eq!(passes, [Pass::OfflineServicing, Pass::Generalize, Pass::Specialize]);
}
