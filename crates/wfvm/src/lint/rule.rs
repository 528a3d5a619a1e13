//! A rule is data: what is wrong, what Setup does then, what to do, and who says so.

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Works, and is worth knowing.
    Note,
    /// Setup probably does something else than is meant, or our source for it is not certain.
    Warning,
    /// Setup stops, asks, or ignores a part of the file.
    Error,
}

impl Severity {
    /// The word for people, in JSON and in SARIF.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How it is known that Setup behaves as the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Microsoft's documents or the XML standard say so.
    Documented,
    /// Published tools or reports of users say so.
    Reported,
    /// It follows from what is documented; nobody has been found who says it.
    Inferred,
}

impl Basis {
    /// For documents.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Reported => "reported by users or published tools, not by Microsoft's documents",
            Self::Inferred => "inferred from what is documented, not seen on Windows",
        }
    }
}

/// What a rule has to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The answer file.
    File,
    /// The answer file and the installation medium.
    Iso,
    /// The answer file and the machine.
    Machine,
    /// All three.
    IsoAndMachine,
}

impl Needs {
    /// For documents.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::File => "the answer file",
            Self::Iso => "the answer file and `--iso`",
            Self::Machine => "the answer file and options that describe the machine",
            Self::IsoAndMachine => "the answer file, `--iso`, and options that describe the machine",
        }
    }
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Never changes, such as `order-duplicate`.
    pub id: &'static str,
    /// The number that the reference guest's table gives the same fault; several rules may share one.
    pub number: Option<&'static str>,
    /// Of every finding.
    pub severity: Severity,
    /// How it is known.
    pub basis: Basis,
    /// What it has to see.
    pub needs: Needs,
    /// What is wrong, in one sentence.
    pub says: &'static str,
    /// What Setup does then.
    pub consequence: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// Who says so.
    pub source: &'static str,
}

/// Declares the rules of a file, and the list of them.
macro_rules! rules {
    ($($name:ident = $severity:ident $id:literal $($number:literal)? {
        says: $says:expr,
        consequence: $consequence:expr,
        advice: $advice:expr,
        source: $source:expr,
        basis: $basis:ident,
        needs: $needs:ident $(,)?
    })*) => {
        $(
            pub(super) static $name: $crate::lint::Rule = $crate::lint::Rule {
                id: $id,
                number: $crate::lint::rule::optional!($($number)?),
                severity: $crate::lint::Severity::$severity,
                basis: $crate::lint::Basis::$basis,
                needs: $crate::lint::Needs::$needs,
                says: $says,
                consequence: $consequence,
                advice: $advice,
                source: $source,
            };
        )*
        pub(super) static RULES: &[&$crate::lint::Rule] = &[$(&$name),*];
    };
}

macro_rules! optional {
    () => {
        None
    };
    ($number:literal) => {
        Some($number)
    };
}

pub(super) use {optional, rules};
