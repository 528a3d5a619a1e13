//! Languages, regions, keyboards.

use super::{
    Findings, Target,
    installation::Installation,
    rule::rules,
    tree::{Node, at, text},
};
use crate::answer_schema::{
    Pass,
    locales::{is_keyboard, is_language_tag},
};

rules! {
    MALFORMED_LOCALE = Error "malformed-locale" "L58" {
        says: "A language or region is not a language tag.",
        consequence: "The pass fails, or Setup asks for the language.",
        advice: "Write a tag such as `en-US` or `zh-Hans-CN`.",
        source: "unattend reference, UILanguage, SystemLocale, UserLocale",
        basis: Documented, needs: File,
    }
    MALFORMED_KEYBOARD = Error "malformed-keyboard" "L59" {
        says: "`InputLocale` is neither a language tag nor a keyboard such as `0409:00000409`.",
        consequence: "\"A component or setting specified in the answer file does not exist\", or a page that asks for the keyboard.",
        advice: "Write `en-US` or `0409:00000409`; several are joined by `;`.",
        source: "unattend reference, InputLocale; hashicorp/packer issue 5418",
        basis: Documented, needs: File,
    }
    LANGUAGE_NOT_ON_MEDIUM = Error "language-not-on-medium" "L57" {
        says: "Setup has no such language on this medium.",
        consequence: "Setup of Windows 11 24H2 and later shows the page for the language, and waits; older ones fall back.",
        advice: "Write a language of the medium's `sources/lang.ini`.",
        source: "Microsoft, \"Windows Setup: Lang.ini\"; cschneegans/unattend-generator issues 64, 88 and 170",
        basis: Documented, needs: Iso,
    }
    LOCALES_INCOMPLETE = Warning "locales-incomplete" "L60" {
        says: "The first run is not told all of language, region and keyboard.",
        consequence: "It shows pages that ask for region and keyboard, and waits.",
        advice: "Give `InputLocale`, `SystemLocale`, `UILanguage` and `UserLocale` in oobeSystem, Microsoft-Windows-International-Core.",
        source: "cschneegans/unattend-generator issue 333",
        basis: Reported, needs: File,
    }
    NO_SETUP_LANGUAGE = Warning "no-setup-language" "L57" {
        says: "Setup is to install, and windowsPE does not say a language.",
        consequence: "Setup of Windows 11 24H2 and later asks for it unless it is that of the medium.",
        advice: "Give `SetupUILanguage/UILanguage` and `UILanguage` in windowsPE, Microsoft-Windows-International-Core-WinPE.",
        source: "Microsoft, \"Automate Windows Setup\"; cschneegans/unattend-generator issue 333",
        basis: Documented, needs: File,
    }
}

const WINDOWS_PE: &str = "Microsoft-Windows-International-Core-WinPE";
const WINDOWS: &str = "Microsoft-Windows-International-Core";
const FOUR: [&str; 4] = ["InputLocale", "SystemLocale", "UILanguage", "UserLocale"];

pub(super) fn check(installation: &Installation, target: &Target, findings: &mut Findings) {
    for (name, pass) in
        [(WINDOWS_PE, Pass::WindowsPe), (WINDOWS, Pass::Specialize), (WINDOWS, Pass::OobeSystem)]
    {
        if let Some(component) = installation.component(pass, name) {
            shapes(component, findings);
        }
    }
    let setup = installation.component(Pass::WindowsPe, WINDOWS_PE);
    if let Some(component) = setup {
        on_medium(component, target, findings);
    }
    let says_language = setup.is_some_and(|component| {
        ["SetupUILanguage/UILanguage", "UILanguage"].iter().any(|path| at(component, path).is_some())
    });
    if installation.is_by_setup() && !says_language {
        let place = setup.or_else(|| installation.setup()).unwrap_or(installation.root);
        findings.add(&NO_SETUP_LANGUAGE, place, "windowsPE has no `UILanguage`");
    }
    first_run(installation, findings);
}

fn shapes(component: Node, findings: &mut Findings) {
    let tags =
        ["SystemLocale", "UILanguage", "UILanguageFallback", "UserLocale", "SetupUILanguage/UILanguage"];
    for node in tags.into_iter().filter_map(|path| at(component, path)) {
        let tag = text(node);
        if !tag.is_empty() && !is_language_tag(&tag) {
            findings.add(&MALFORMED_LOCALE, node, format!("`{tag}` is not a language tag"));
        }
    }
    if let Some(node) = at(component, "InputLocale") {
        let keyboards = text(node);
        if let Some(wrong) = keyboards.split(';').find(|one| !one.is_empty() && !is_keyboard(one)) {
            let problem = format!("`{wrong}` is no keyboard");
            if wrong.contains(',') {
                findings.add_with_hint(
                    &MALFORMED_KEYBOARD,
                    node,
                    problem,
                    "several are joined by `;`, not by `,`",
                );
            } else {
                findings.add(&MALFORMED_KEYBOARD, node, problem);
            }
        }
    }
}

fn on_medium(component: Node, target: &Target, findings: &mut Findings) {
    let Some(iso) = target.iso.filter(|iso| !iso.languages.is_empty()) else { return };
    for path in ["SetupUILanguage/UILanguage", "UILanguage"] {
        let Some(node) = at(component, path) else { continue };
        let language = text(node);
        if is_language_tag(&language)
            && !iso.languages.iter().any(|known| known.eq_ignore_ascii_case(&language))
        {
            findings.add_with_hint(
                &LANGUAGE_NOT_ON_MEDIUM,
                node,
                format!("Setup does not speak `{language}`"),
                format!("the medium has {}", iso.languages.join(", ")),
            );
        }
    }
}

fn first_run(installation: &Installation, findings: &mut Findings) {
    // Only a file that prepares the first run can leave something out of it.
    let Some(shell) = installation.component(Pass::OobeSystem, super::installation::SHELL) else { return };
    if installation.goes_to_audit_mode() || at(shell, "OOBE").is_none() {
        return;
    }
    let Some(component) = installation.component(Pass::OobeSystem, WINDOWS) else {
        findings.add(&LOCALES_INCOMPLETE, shell, format!("oobeSystem has no {WINDOWS}"));
        return;
    };
    let missing: Vec<&str> = FOUR.into_iter().filter(|name| at(component, name).is_none()).collect();
    if !missing.is_empty() {
        findings.add(&LOCALES_INCOMPLETE, component, format!("{} is missing", missing.join(", ")));
    }
}
