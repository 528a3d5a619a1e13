//! The partitions of a disk as the answer file lays them out.

use crate::lint::tree::{Node, all, at, is_true, number_at, text_at};

/// One `Disk`.
#[derive(Debug)]
pub(super) struct Layout<'d> {
    pub(super) disk: Node<'d>,
    pub(super) id: Option<u64>,
    pub(super) wiped: bool,
    /// By `Order`.
    pub(super) created: Vec<Created<'d>>,
    pub(super) modified: Vec<Modified<'d>>,
}

/// One `CreatePartition`.
#[derive(Debug)]
pub(super) struct Created<'d> {
    pub(super) node: Node<'d>,
    pub(super) kind: String,
    /// In MiB.
    pub(super) size: Option<u64>,
    pub(super) has_size: bool,
    pub(super) extends: bool,
}

/// One `ModifyPartition`.
#[derive(Debug)]
pub(super) struct Modified<'d> {
    pub(super) node: Node<'d>,
    pub(super) partition: Option<u64>,
}

impl<'d> Layout<'d> {
    pub(super) fn new(disk: Node<'d>) -> Self {
        let mut created = all(disk, "CreatePartitions/CreatePartition");
        created.sort_by_key(|node| number_at(*node, "Order"));
        let modified = all(disk, "ModifyPartitions/ModifyPartition");
        Self {
            disk,
            id: number_at(disk, "DiskID"),
            wiped: is_true(disk, "WillWipeDisk"),
            created: created.into_iter().map(Created::new).collect(),
            modified: modified
                .into_iter()
                .map(|node| Modified { node, partition: number_at(node, "PartitionID") })
                .collect(),
        }
    }

    /// Those of some types.
    pub(super) fn of(&self, kinds: &[&str]) -> impl Iterator<Item = &Created<'d>> {
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        self.created.iter().filter(move |partition| kinds.contains(&partition.kind))
    }

    /// Whether the partitions are such as only a GPT has.
    pub(super) fn is_gpt(&self) -> bool {
        self.of(&["EFI", "MSR"]).next().is_some()
    }

    /// The partition that `PartitionID` counts: on an MBR the extended one has no number.
    pub(super) fn partition(&self, number: u64) -> Option<&Created<'d>> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.created.iter().filter(|partition| partition.kind != "Extended").nth(at)
    }

    /// How many have a number.
    pub(super) fn count(&self) -> usize {
        self.created.iter().filter(|partition| partition.kind != "Extended").count()
    }

    /// The entry that modifies a partition.
    pub(super) fn modification(&self, number: u64) -> Option<&Modified<'d>> {
        self.modified.iter().find(|modified| modified.partition == Some(number))
    }
}

impl<'d> Created<'d> {
    fn new(node: Node<'d>) -> Self {
        Self {
            node,
            kind: text_at(node, "Type").unwrap_or_default(),
            size: number_at(node, "Size"),
            has_size: at(node, "Size").is_some(),
            extends: is_true(node, "Extend"),
        }
    }
}
