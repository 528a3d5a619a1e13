use super::*;

/// The lines of one of the files, UTF-16 or ASCII.
fn lines(settings: &Settings, name: &str) -> Vec<String> {
    let files = settings_files(settings);
    let file = files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}: {files:?}"));
    let text = if name.contains("reg") {
        let units: Vec<u16> =
            file.contents.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!(units[0], 0xFEFF);
        String::from_utf16(&units[1..]).unwrap()
    } else {
        String::from_utf8(file.contents.clone()).unwrap()
    };
    text.split("\r\n").map(str::to_owned).collect()
}

fn value(key: &str, name: &str, data: RegistryData) -> RegistryValue {
    RegistryValue { key: key.into(), name: name.into(), data }
}

#[test]
fn without_settings_there_is_no_file_and_no_step() {
    let settings = Settings::default();
    assert_eq!(settings_files(&settings), []);
    assert_eq!(first_logon(&settings), []);
}

#[test]
fn each_type_is_written_as_reg_exe_reads_it() {
    let key = r"hklm\SOFTWARE\Example";
    let settings = Settings {
        registry: vec![
            value(key, "", RegistryData::String(r#"C:\a "b""#.into())),
            value(key, "D", RegistryData::Dword(258)),
            value(key, "Q", RegistryData::Qword(258)),
            value(key, "E", RegistryData::ExpandString("%é".into())),
            value(key, "M", RegistryData::MultiString(vec!["a".into(), "b".into()])),
            value(key, "B", RegistryData::Binary("00FF".into())),
        ],
        ..Settings::default()
    };
    assert_eq!(
        lines(&settings, "machine.reg"),
        [
            "Windows Registry Editor Version 5.00",
            "",
            r"[HKEY_LOCAL_MACHINE\SOFTWARE\Example]",
            r#"@="C:\\a \"b\"""#,
            r#""D"=dword:00000102"#,
            r#""Q"=hex(b):02,01,00,00,00,00,00,00"#,
            r#""E"=hex(2):25,00,e9,00,00,00"#,
            r#""M"=hex(7):61,00,00,00,62,00,00,00,00,00"#,
            r#""B"=hex:00,ff"#,
            "",
        ]
    );
}

#[test]
fn a_users_value_is_set_for_later_users_and_for_who_is_logged_on() {
    let settings = Settings {
        registry: vec![value(r"HKCU\Software\X", "a", RegistryData::Dword(1))],
        ..Settings::default()
    };
    assert!(lines(&settings, "user.reg").contains(&r"[HKEY_CURRENT_USER\Software\X]".into()));
    assert!(
        lines(&settings, "default-user.reg").contains(&r"[HKEY_USERS\wfvm-default-user\Software\X]".into())
    );
    let cmd = lines(&settings, "specialize.cmd");
    let hive = r"%SystemDrive%\Users\Default\NTUSER.DAT";
    let place = |line: String| {
        cmd.iter().position(|other| *other == line).unwrap_or_else(|| panic!("{line} in {cmd:?}"))
    };
    let load = place(format!(r"if exist {hive} reg.exe load HKU\wfvm-default-user {hive}"));
    let import = place(format!(r#"if exist {hive} reg.exe import "%~dp0default-user.reg""#));
    let unload = place(format!(r"if exist {hive} reg.exe unload HKU\wfvm-default-user"));
    assert!(load < import && import < unload);
    assert_eq!(first_logon(&settings), [Step::own(r#"reg.exe import "%~dp0user.reg""#)]);
}

#[test]
fn a_file_is_copied_into_a_folder_that_is_made() {
    let place = |path: &str| PlacedFile { path: path.into(), source: "/x".into() };
    let settings =
        Settings { files: vec![place(r"C:\a b\c.txt"), place(r"C:\d.txt")], ..Settings::default() };
    let cmd = lines(&settings, "specialize.cmd");
    let commands: Vec<&String> = cmd[1..cmd.len() - 6].iter().skip(1).step_by(3).collect();
    assert_eq!(
        commands,
        [
            r#"if not exist "C:\a b\" mkdir "C:\a b""#,
            r#"copy /y /b "%~dp0place-0.bin" "C:\a b\c.txt""#,
            r#"copy /y /b "%~dp0place-1.bin" "C:\d.txt""#,
        ]
    );
}

#[test]
fn switches_are_values_of_the_machine_and_steps_of_the_first_logon() {
    let off = Settings {
        windows_update: Some(false),
        hibernation: Some(false),
        standby: Some(false),
        page_file_mib: Some(0),
        ..Settings::default()
    };
    let machine = lines(&off, "machine.reg");
    for line in [
        r#""NoAutoUpdate"=dword:00000001"#,
        r#""HibernateEnabled"=dword:00000000"#,
        r#""PagingFiles"=hex(7):00,00"#,
    ] {
        assert!(machine.contains(&line.into()), "{line}: {machine:?}");
    }
    assert_eq!(first_logon(&off).len(), 5);
    assert_eq!(first_logon(&off)[0], Step::own("powercfg.exe /hibernate off"));
    let fixed = Settings { page_file_mib: Some(1024), ..Settings::default() };
    let values = machine_values(&fixed);
    assert_eq!(values[0].data, RegistryData::MultiString(vec![r"C:\pagefile.sys 1024 1024".into()]));
}

#[test]
fn a_key_has_a_root_that_is_written_to() {
    for good in [r"HKLM\SOFTWARE", r"hkcu\Software\A b", r"HKEY_LOCAL_MACHINE\SYSTEM"] {
        assert_eq!(key_problem(good), None, "{good}");
    }
    for bad in ["HKLM", r"HKCR\x", r"HKLM\", r"HKLM\a\\b", r"HKLM\a]b", r"SOFTWARE\x"] {
        assert!(key_problem(bad).is_some(), "{bad}");
    }
}
