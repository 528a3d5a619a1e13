//! Which modules a guest needs, and in which order: from the indices that depmod(8) writes. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// What a kernel knows of its modules.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A module's name, its file, and the names of what it needs.
    modules: BTreeMap<String, (String, Vec<String>)>,
    /// Names of what a module wants loaded before, which its symbols do not show.
    wishes: BTreeMap<String, Vec<String>>,
    /// What is no module in this kernel.
    builtin: BTreeSet<String>,
}

/// Why there is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// The kernel does not have it.
    #[error("this kernel has no module `{name}`, neither as a file nor built in")]
    Unknown {
        /// The module's name.
        name: String,
    },
    /// The index names a module that it does not list.
    #[error("modules.dep: `{name}` needs `{needed}`, which is not listed")]
    Incomplete {
        /// Who needs it.
        name: String,
        /// What is missing.
        needed: String,
    },
}

/// `kernel/fs/ext4/ext4.ko.xz` is `ext4`; a file's name may have hyphens where the module's has underscores.
fn name_of(file: &str) -> String {
    let base = file.rsplit('/').next().unwrap_or(file);
    base.split(".ko").next().unwrap_or(base).replace('-', "_")
}

impl Index {
    /// Reads `modules.dep`, `modules.softdep` and `modules.builtin`.
    pub(super) fn parse(dependencies: &str, wishes: &str, builtin: &str) -> Self {
        let mut index = Self::default();
        for line in dependencies.lines() {
            let Some((file, needed)) = line.split_once(':') else { continue };
            let needed = needed.split_whitespace().map(name_of).collect();
            index.modules.insert(name_of(file), (file.trim().to_owned(), needed));
        }
        // `softdep NAME pre: A B post: C`
        for line in wishes.lines() {
            let mut words = line.split_whitespace();
            if words.next() != Some("softdep") {
                continue;
            }
            let Some(name) = words.next() else { continue };
            let before = words.skip_while(|word| *word != "pre:").skip(1);
            let before = before.take_while(|word| *word != "post:").map(|word| word.replace('-', "_"));
            index.wishes.entry(name.replace('-', "_")).or_default().extend(before);
        }
        index.builtin = builtin.lines().map(name_of).collect();
        index
    }

    /// The files of `wanted` and of all that they need, each after what it needs.
    ///
    /// # Errors
    /// [`ModuleError`]
    pub(super) fn order(&self, wanted: &[String]) -> Result<Vec<String>, ModuleError> {
        let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
        for name in wanted {
            let name = name.replace('-', "_");
            if !self.modules.contains_key(&name) && !self.builtin.contains(&name) {
                return Err(ModuleError::Unknown { name });
            }
            self.visit(&name, &mut order, &mut seen)?;
        }
        Ok(order)
    }

    fn visit(
        &self,
        name: &str,
        order: &mut Vec<String>,
        seen: &mut BTreeSet<String>,
    ) -> Result<(), ModuleError> {
        // What is seen is on the way already: a circle ends here.
        if !seen.insert(name.to_owned()) {
            return Ok(());
        }
        let Some((file, needed)) = self.modules.get(name) else { return Ok(()) };
        // A wish may name an alias, or what this kernel does not have.
        for wish in
            self.wishes.get(name).into_iter().flatten().filter(|wish| self.modules.contains_key(*wish))
        {
            self.visit(wish, order, seen)?;
        }
        for needed in needed {
            if !self.modules.contains_key(needed) {
                return Err(ModuleError::Incomplete { name: name.into(), needed: needed.clone() });
            }
            self.visit(needed, order, seen)?;
        }
        order.push(file.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        Index::parse(
            "kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz kernel/fs/jbd2/jbd2.ko.xz\n\
             kernel/lib/crc16.ko.xz:\n\
             kernel/fs/jbd2/jbd2.ko.xz:\n\
             kernel/arch/x86/crypto/crc32c-intel.ko.xz:\n\
             kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n\
             kernel/c.ko: kernel/gone.ko\n",
            "# a comment\nsoftdep ext4 pre: crc32c-intel no_such post: a\nsoftdep jbd2 post: ext4\n",
            "kernel/drivers/virtio/virtio_pci.ko\n",
        )
    }

    fn order(wanted: &[&str]) -> Result<Vec<String>, ModuleError> {
        index().order(&wanted.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_a_module_needs_or_wishes_comes_before_it_and_once() {
        let files = order(&["crc16", "virtio-pci", "ext4"]).unwrap();
        let wanted = [
            "kernel/lib/crc16.ko.xz",
            "kernel/arch/x86/crypto/crc32c-intel.ko.xz",
            "kernel/fs/jbd2/jbd2.ko.xz",
            "kernel/fs/ext4/ext4.ko.xz",
        ];
        assert_eq!(files, wanted);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(order(&["9p"]), Err(ModuleError::Unknown { name: "9p".into() }));
        let incomplete = ModuleError::Incomplete { name: "c".into(), needed: "gone".into() };
        assert_eq!(order(&["c"]), Err(incomplete));
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(order(&["a"]).unwrap(), ["kernel/b.ko", "kernel/a.ko"]);
    }
}
