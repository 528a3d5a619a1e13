//! Whose move it is after a failure. The exit status of every program says it.

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// A bug of ours: status 1.
    Bug,
    /// The spec or an input: status 2.
    Input,
    /// The host: a missing tool, no KVM, a full disk, a signal; status 3.
    Host,
    /// A step in the guest: status 4.
    Guest,
    /// A deadline: status 5.
    Deadline,
}

impl Blame {
    /// The exit status that says so.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Bug => 1,
            Self::Input => 2,
            Self::Host => 3,
            Self::Guest => 4,
            Self::Deadline => 5,
        }
    }
}
