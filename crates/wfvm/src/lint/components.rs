//! Components: their names, their attributes, their passes.

use super::{
    Findings, Target,
    document::EMPTY_SETTINGS,
    rule::rules,
    similar::similar,
    tree::{Answers, Placed, at, elements, text_at},
};
use crate::answer_schema::{self, ARCHITECTURES, PUBLIC_KEY_TOKEN, Pass};
use crate::windows_iso::Architecture;

rules! {
    COMPONENT_TWICE = Error "component-twice" "L08" {
        says: "A component stands twice in a pass, for the same architecture.",
        consequence: "Setup ends: \"a component or non-list setting is specified more than once\".",
        advice: "Put the settings of both into one.",
        source: "reports with Setup's message, such as boxcutter/windows-batch issue 50",
        basis: Reported, needs: File,
    }
    MISSPELT_COMPONENT = Error "misspelt-component" "L09" {
        says: "A component's name is almost that of another one.",
        consequence: "Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Write the name as Microsoft's reference has it.",
        source: "unattend reference, Components; reports such as hashicorp/packer issue 5418",
        basis: Documented, needs: File,
    }
    UNKNOWN_COMPONENT = Warning "unknown-component" "L09" {
        says: "A component's name does not stand in Microsoft's reference.",
        consequence: "If the image does not have it, Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Look it up in the catalogue of the image (Windows System Image Manager). The reference here is of Windows 10, version 1809.",
        source: "unattend reference, Components",
        basis: Documented, needs: File,
    }
    SERVER_COMPONENT = Error "server-component" "L09" {
        says: "A component of Windows Server stands in a file for a client.",
        consequence: "Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Remove the component, or keep a file for servers apart.",
        source: "unattend reference, the components' pages",
        basis: Documented, needs: File,
    }
    COMPONENT_PASS = Error "component-pass" "L10" {
        says: "A component stands in a pass for which it has no setting.",
        consequence: "Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Move it to a pass of its settings.",
        source: "unattend reference, Valid Configuration Passes",
        basis: Documented, needs: File,
    }
    COMPONENT_ATTRIBUTE = Error "component-attribute-missing" {
        says: "A component lacks one of the attributes that say which one it is.",
        consequence: "The file does not fit its schema; Setup says that it is invalid or does not find the component.",
        advice: "Every component has `name`, `processorArchitecture`, `publicKeyToken` and `language`.",
        source: "schema of answer files",
        basis: Documented, needs: File,
    }
    UNKNOWN_ARCHITECTURE = Error "unknown-architecture" "L13" {
        says: "`processorArchitecture` is none that Windows knows.",
        consequence: "The file does not fit its schema.",
        advice: "Write `amd64` for 64-bit PCs, `arm64` or `x86` for others.",
        source: "schema of answer files",
        basis: Documented, needs: File,
    }
    OTHER_ARCHITECTURE = Warning "other-architecture" "L13" {
        says: "No component of a pass is for the architecture of the medium's images.",
        consequence: "The components are passed over without a word: Setup asks everything.",
        advice: "Write the architecture of the image; components for several may stand side by side.",
        source: "what published generators do, such as cschneegans/unattend-generator",
        basis: Inferred, needs: Iso,
    }
    PUBLIC_KEY_TOKEN_WRONG = Warning "public-key-token" "L14" {
        says: "`publicKeyToken` is not that of Windows' components.",
        consequence: "The component is passed over without a word, since none of that key exists.",
        advice: "Write `31bf3856ad364e35`.",
        source: "every example of Microsoft's reference has this one",
        basis: Inferred, needs: File,
    }
    COMPONENT_LANGUAGE = Warning "component-language" "L15" {
        says: "`language` is not `neutral`, or `versionScope` not `nonSxS`.",
        consequence: "The component is passed over without a word, since none of that identity exists.",
        advice: "Write `language=\"neutral\" versionScope=\"nonSxS\"`; languages are set by settings.",
        source: "every example of Microsoft's reference has these",
        basis: Inferred, needs: File,
    }
    WOW64_IN_WINDOWS_PE = Warning "wow64-in-windows-pe" "L90" {
        says: "A component for `wow64` stands in windowsPE.",
        consequence: "None: Windows PE has no 32-bit subsystem.",
        advice: "Remove it.",
        source: "what Windows PE contains",
        basis: Inferred, needs: File,
    }
}

pub(super) fn check(answers: &Answers, target: &Target, findings: &mut Findings) {
    let mut seen: Vec<(Pass, String, String)> = Vec::new();
    let client = is_for_a_client(answers, target);
    for component in &answers.components {
        attributes(component, findings);
        let Placed { pass, node, name, architecture } = *component;
        let key = (pass, name.to_ascii_lowercase(), architecture.to_ascii_lowercase());
        if seen.contains(&key) {
            findings.add(
                &COMPONENT_TWICE,
                node,
                format!("{name} for {architecture} stands twice in the pass {}", pass.name()),
            );
        }
        seen.push(key);
        if elements(node).next().is_none() {
            findings.add(&EMPTY_SETTINGS, node, "this component has no setting");
        }
        existence(component, client, findings);
        if pass == Pass::WindowsPe && architecture.eq_ignore_ascii_case("wow64") {
            findings.add(&WOW64_IN_WINDOWS_PE, node, format!("{name} for wow64"));
        }
    }
    architecture(answers, target, findings);
}

fn attributes(component: &Placed, findings: &mut Findings) {
    let node = component.node;
    for attribute in ["name", "processorArchitecture", "publicKeyToken", "language"] {
        if node.attribute(attribute).is_none_or(|value| value.trim().is_empty()) {
            findings.add(&COMPONENT_ATTRIBUTE, node, format!("`{attribute}` is missing"));
        }
    }
    let architecture = component.architecture;
    let known = ARCHITECTURES.iter().any(|known| known.eq_ignore_ascii_case(architecture));
    if !architecture.is_empty() && !known {
        let problem = format!("`{architecture}` is no architecture");
        let meant = ["x64", "x86_64", "x86-64", "intel64"];
        if meant.iter().any(|word| word.eq_ignore_ascii_case(architecture)) {
            findings.add_with_hint(&UNKNOWN_ARCHITECTURE, node, problem, "write `amd64`");
        } else {
            findings.add(&UNKNOWN_ARCHITECTURE, node, problem);
        }
    }
    let differs = |attribute: &str, value: &str| {
        node.attribute(attribute).filter(|is| !is.is_empty() && !is.eq_ignore_ascii_case(value))
    };
    if let Some(token) = differs("publicKeyToken", PUBLIC_KEY_TOKEN) {
        findings.add(&PUBLIC_KEY_TOKEN_WRONG, node, format!("the token is `{token}`"));
    }
    for (attribute, value) in [("language", "neutral"), ("versionScope", "nonSxS")] {
        if let Some(is) = differs(attribute, value) {
            findings.add(&COMPONENT_LANGUAGE, node, format!("`{attribute}` is `{is}`, not `{value}`"));
        }
    }
}

fn existence(component: &Placed, client: bool, findings: &mut Findings) {
    let Placed { pass, node, name, .. } = *component;
    if name.is_empty() {
        return;
    }
    let Some(known) = answer_schema::component(name) else {
        let names = answer_schema::components().map(|component| component.name);
        let prefixed = format!("Microsoft-Windows-{name}");
        match answer_schema::component(&prefixed)
            .map(|component| component.name)
            .or_else(|| similar(name, names))
        {
            Some(meant) => findings.add_with_hint(
                &MISSPELT_COMPONENT,
                node,
                format!("there is no component {name}"),
                format!("did you mean `{meant}`?"),
            ),
            None => findings.add(&UNKNOWN_COMPONENT, node, format!("no page describes {name}")),
        }
        return;
    };
    if client && known.is_of_servers() {
        findings.add(&SERVER_COMPONENT, node, format!("{name} is a component of Windows Server"));
    }
    if !known.passes().any(|valid| valid == pass) {
        let passes: Vec<&str> = known.passes().map(Pass::name).collect();
        findings.add_with_hint(
            &COMPONENT_PASS,
            node,
            format!("{name} has no setting for the pass {}", pass.name()),
            format!("its passes are {}", passes.join(", ")),
        );
    }
}

/// Whether the medium or the file itself says that a client is installed.
fn is_for_a_client(answers: &Answers, target: &Target) -> bool {
    if let Some(iso) = target.iso {
        return iso.images.iter().all(|image| image.installation_type.eq_ignore_ascii_case("Client"));
    }
    let metadata = "ImageInstall/OSImage/InstallFrom/MetaData";
    answers.components.iter().filter(|component| component.pass == Pass::WindowsPe).any(|component| {
        at(component.node, metadata).and_then(|metadata| text_at(metadata, "Value")).is_some_and(|value| {
            ["windows 10 ", "windows 11 "].iter().any(|name| value.to_lowercase().starts_with(name))
        })
    })
}

fn architecture(answers: &Answers, target: &Target, findings: &mut Findings) {
    let Some(iso) = target.iso else { return };
    let name = |architecture: &Architecture| match architecture {
        Architecture::Amd64 => Some("amd64"),
        Architecture::Arm64 => Some("arm64"),
        Architecture::X86 => Some("x86"),
        Architecture::Other(_) => None,
    };
    let wanted: Vec<&str> = iso.images.iter().filter_map(|image| name(&image.architecture)).collect();
    if wanted.is_empty() {
        return;
    }
    for pass in Pass::ALL {
        let of_pass = || answers.components.iter().filter(move |component| component.pass == pass);
        let fits = of_pass().any(|component| {
            wanted.iter().chain(&["neutral"]).any(|name| name.eq_ignore_ascii_case(component.architecture))
        });
        if let Some(first) = of_pass().next().filter(|_| !fits) {
            findings.add(
                &OTHER_ARCHITECTURE,
                first.node,
                format!(
                    "the images are for {}, the components for {}",
                    wanted.first().copied().unwrap_or_default(),
                    first.architecture
                ),
            );
        }
    }
}
