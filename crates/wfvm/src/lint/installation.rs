//! What the file says for one architecture: Setup takes the components of that and no others.

use super::{
    Target,
    tree::{Answers, Node, Placed, all, at, text_at},
};
use crate::answer_schema::Pass;
use crate::windows_iso::Image;

/// The components for one architecture.
#[derive(Debug)]
pub(super) struct Installation<'d> {
    pub(super) root: Node<'d>,
    components: Vec<Placed<'d>>,
}

/// One for each architecture that the file names.
pub(super) fn installations<'d>(answers: &Answers<'d>) -> Vec<Installation<'d>> {
    let mut architectures: Vec<String> = Vec::new();
    for component in &answers.components {
        let architecture = component.architecture.to_ascii_lowercase();
        if !architectures.contains(&architecture) {
            architectures.push(architecture);
        }
    }
    architectures
        .iter()
        // An architecture more costs a walk over the components; Windows has a handful.
        .take(16)
        .map(|architecture| Installation {
            root: answers.root,
            components: answers
                .components
                .iter()
                .filter(|component| component.architecture.eq_ignore_ascii_case(architecture))
                .copied()
                .collect(),
        })
        .collect()
}

/// `Microsoft-Windows-Setup`.
pub(super) const SETUP: &str = "Microsoft-Windows-Setup";
/// `Microsoft-Windows-Shell-Setup`.
pub(super) const SHELL: &str = "Microsoft-Windows-Shell-Setup";
/// `Microsoft-Windows-Deployment`.
pub(super) const DEPLOYMENT: &str = "Microsoft-Windows-Deployment";

/// The selection of the image, as key and value.
const METADATA: &str = "ImageInstall/OSImage/InstallFrom/MetaData";

impl<'d> Installation<'d> {
    /// The component of a pass.
    pub(super) fn component(&self, pass: Pass, name: &str) -> Option<Node<'d>> {
        let found = self
            .components
            .iter()
            .find(|component| component.pass == pass && component.name.eq_ignore_ascii_case(name));
        found.map(|component| component.node)
    }

    /// The setting of a component in the first pass that has it.
    pub(super) fn setting(&self, name: &str, path: &str) -> Option<Node<'d>> {
        Pass::ALL.into_iter().find_map(|pass| at(self.component(pass, name)?, path))
    }

    /// `Microsoft-Windows-Setup` of windowsPE.
    pub(super) fn setup(&self) -> Option<Node<'d>> {
        self.component(Pass::WindowsPe, SETUP)
    }

    /// Whether the file has any component for the pass.
    pub(super) fn has(&self, pass: Pass) -> bool {
        self.components.iter().any(|component| component.pass == pass)
    }

    /// Whether Setup itself is to install: other files only run commands in windowsPE.
    pub(super) fn is_by_setup(&self) -> bool {
        self.setup().is_some_and(|setup| {
            ["ImageInstall", "DiskConfiguration", "UserData"].iter().any(|name| at(setup, name).is_some())
        })
    }

    /// Key and value of `MetaData`.
    pub(super) fn selected(&self) -> Option<(String, String)> {
        let metadata = at(self.setup()?, METADATA)?;
        Some((text_at(metadata, "Key")?, text_at(metadata, "Value")?))
    }

    /// The image of the medium that is installed, if it is known.
    pub(super) fn image<'t>(&self, target: &Target<'t>) -> Option<&'t Image> {
        let selected = self.selected();
        target.image(selected.as_ref().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    /// Whether medium or file say that this is Windows Server.
    pub(super) fn is_server(&self, target: &Target) -> bool {
        if let Some(image) = self.image(target) {
            return image.installation_type.to_ascii_lowercase().starts_with("server");
        }
        self.selected().is_some_and(|(_, value)| value.to_ascii_lowercase().contains("server"))
    }

    /// Whether the machine goes to audit mode instead of a first run.
    pub(super) fn goes_to_audit_mode(&self) -> bool {
        self.component(Pass::OobeSystem, DEPLOYMENT)
            .and_then(|deployment| text_at(deployment, "Reseal/Mode"))
            .is_some_and(|mode| mode == "Audit")
    }

    /// The accounts that the file makes.
    pub(super) fn accounts(&self) -> Vec<Node<'d>> {
        let of = |pass| self.component(pass, SHELL);
        let passes = [Pass::AuditSystem, Pass::OobeSystem];
        passes
            .into_iter()
            .filter_map(of)
            .flat_map(|shell| all(shell, "UserAccounts/LocalAccounts/LocalAccount"))
            .collect()
    }

    /// Every command with its pass, in the order of the file.
    pub(super) fn commands(&self) -> Vec<(Pass, Node<'d>)> {
        const LISTS: [(&str, &str); 4] = [
            ("RunSynchronous/RunSynchronousCommand", "Path"),
            ("RunAsynchronous/RunAsynchronousCommand", "Path"),
            ("FirstLogonCommands/SynchronousCommand", "CommandLine"),
            ("LogonCommands/AsynchronousCommand", "CommandLine"),
        ];
        let mut commands = Vec::new();
        for component in &self.components {
            for (list, name) in LISTS {
                let items = all(component.node, list).into_iter();
                commands.extend(items.filter_map(|item| Some((component.pass, at(item, name)?))));
            }
        }
        commands
    }
}
