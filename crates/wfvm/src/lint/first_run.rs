//! The first run: time zone, pages, what is out of use.

use super::{
    Findings, Target,
    installation::{Installation, SHELL},
    rule::rules,
    tree::{at, is_true, text},
};
use crate::answer_schema::{Pass, time_zones};

rules! {
    UNKNOWN_TIME_ZONE = Warning "unknown-time-zone" "L73" {
        says: "A time zone is none that Windows knows by that name.",
        consequence: "The pass fails.",
        advice: "Write one of Windows' own names, such as `UTC` or `W. Europe Standard Time`; `tzutil /l` lists them.",
        source: "unattend reference, TimeZone; Microsoft, \"Default time zones\", to which updates add",
        basis: Documented, needs: File,
    }
    DEPRECATED_SETTING = Warning "deprecated-setting" "L74" {
        says: "A setting is out of use.",
        consequence: "It does nothing, or leaves the system half set up.",
        advice: "Remove it; the page of the rule says what took its place.",
        source: "unattend reference: `NetworkLocation` is deprecated since Windows 10, `SkipMachineOOBE` and `SkipUserOOBE` are for tests, `WillShowUI` of `SetupUILanguage` is deprecated. Hide pages by `HideEULAPage`, `HideOnlineAccountScreens` and others, and make an account",
        basis: Documented, needs: File,
    }
    EULA_PAGE = Warning "eula-page" {
        says: "The first run is prepared, and its licence page is not hidden.",
        consequence: "It shows the licence, and waits.",
        advice: "Write `<HideEULAPage>true</HideEULAPage>` in `OOBE`.",
        source: "unattend reference, OOBE/HideEULAPage: by default the page is shown",
        basis: Documented, needs: File,
    }
    PRIVACY_PAGE = Note "privacy-page" {
        says: "The first run is prepared, and `ProtectYourPC` is not given.",
        consequence: "Clients show the page for express or privacy settings; servers have none.",
        advice: "Write `<ProtectYourPC>3</ProtectYourPC>` in `OOBE`.",
        source: "unattend reference, OOBE/ProtectYourPC",
        basis: Documented, needs: File,
    }
}

pub(super) fn check(installation: &Installation, target: &Target, findings: &mut Findings) {
    for pass in [Pass::Specialize, Pass::AuditSystem, Pass::OobeSystem] {
        if let Some(zone) = installation.component(pass, SHELL).and_then(|shell| at(shell, "TimeZone")) {
            let name = text(zone);
            // A zone without summer time is written like this.
            let plain = name.strip_suffix("_dstoff").unwrap_or(&name);
            if !name.is_empty() && !time_zones::is_known(plain) {
                let problem = format!("`{name}` is not a time zone of Windows");
                match time_zones::similar(plain) {
                    Some(known) => {
                        findings.add_with_hint(
                            &UNKNOWN_TIME_ZONE,
                            zone,
                            problem,
                            format!("did you mean `{known}`?"),
                        );
                    }
                    None => findings.add(&UNKNOWN_TIME_ZONE, zone, problem),
                }
            }
        }
    }
    deprecated(installation, findings);
    let Some(shell) = installation.component(Pass::OobeSystem, SHELL) else { return };
    let Some(pages) = at(shell, "OOBE") else { return };
    let skips = ["SkipMachineOOBE", "SkipUserOOBE"].iter().any(|path| is_true(pages, path));
    if skips || installation.goes_to_audit_mode() {
        return;
    }
    if !is_true(pages, "HideEULAPage") {
        findings.add(&EULA_PAGE, pages, "`HideEULAPage` is not `true`");
    }
    if at(pages, "ProtectYourPC").is_none() && !installation.is_server(target) {
        findings.add(&PRIVACY_PAGE, pages, "`ProtectYourPC` is missing");
    }
}

fn deprecated(installation: &Installation, findings: &mut Findings) {
    const SETTINGS: [(Pass, &str, &str); 5] = [
        (Pass::WindowsPe, "Microsoft-Windows-International-Core-WinPE", "SetupUILanguage/WillShowUI"),
        (Pass::OobeSystem, SHELL, "OOBE/NetworkLocation"),
        (Pass::OobeSystem, SHELL, "OOBE/SkipMachineOOBE"),
        (Pass::OobeSystem, SHELL, "OOBE/SkipUserOOBE"),
        (Pass::OobeSystem, SHELL, "VisualEffects/FontSmoothing"),
    ];
    for (pass, component, path) in SETTINGS {
        if let Some(node) = installation.component(pass, component).and_then(|component| at(component, path))
        {
            findings.add(&DEPRECATED_SETTING, node, format!("{path} is out of use"));
        }
    }
}
