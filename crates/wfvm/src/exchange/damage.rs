//! What can be wrong with a volume that a guest had in its hands.

/// What is wrong with a file, a directory or the volume.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The disk's first sector is not the one that was made.
    #[error("the disk's one partition is not where it was made")]
    Partition,
    /// The guest made another file system of it, or none.
    #[error("there is no FAT32 in the partition: was it formatted anew?")]
    NotFat32,
    /// A number of the boot sector that cannot be.
    #[error("the boot sector has {value} as its {field}")]
    BootSector {
        /// Which one.
        field: &'static str,
        /// What it says.
        value: u32,
    },
    /// A chain that leads out of the volume.
    #[error("its chain leads to cluster {cluster}, which there is not")]
    NoSuchCluster {
        /// Where it leads.
        cluster: u32,
    },
    /// A chain that comes to what is a part of something else already, or of itself.
    #[error(
        "its chain comes to cluster {cluster}, which another file, a directory above or the chain itself has"
    )]
    Shared {
        /// The cluster.
        cluster: u32,
    },
    /// Fewer clusters than the size wants.
    #[error("its chain ends after {clusters} clusters, and its {bytes} bytes want more")]
    Short {
        /// How many there are.
        clusters: u64,
        /// Its size.
        bytes: u64,
    },
    /// More clusters than the size wants.
    #[error("its chain goes on after its {bytes} bytes: was it still open in the guest?")]
    Long {
        /// Its size.
        bytes: u64,
    },
    /// A directory whose entry gives it a size.
    #[error("it is a directory and has a size, {bytes}")]
    DirectorySize {
        /// What its entry says.
        bytes: u32,
    },
    /// A directory that is larger than FAT allows.
    #[error("it is a directory with more than {most} entries, of which a long name takes several")]
    DirectoryTooLarge {
        /// How many it may have.
        most: u64,
    },
    /// A long name whose parts are not what they should be.
    #[error("its long name {problem}")]
    LongName {
        /// What is wrong.
        problem: &'static str,
    },
    /// A short name without a long one, that is not ASCII or has what no short name has.
    #[error("its short name has the byte 0x{byte:02X}")]
    ShortName {
        /// The byte.
        byte: u8,
    },
    /// A name that would be a path.
    #[error("its name is {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// Deeper than the reader goes.
    #[error("it is in more than {most} directories")]
    TooDeep {
        /// How many it may be in.
        most: usize,
    },
    /// More than the reader takes.
    #[error("there are more than {most} files and directories")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
}
