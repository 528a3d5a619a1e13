//! What Windows takes as the name of a computer, of an account, and as a password.
//!
//! Origin: "Bad characters" of `LocalAccount/Name`, `ComputerName` ("15 bytes of content") in the reference;
//! limits of the security accounts manager, below the 256 of the schema.

/// Most UTF-16 units of an account's name.
pub const ACCOUNT_NAME_LENGTH: usize = 20;
/// Most bytes of a computer's name: what an old network knows of it.
pub const COMPUTER_NAME_BYTES: usize = 15;
/// Most characters of a password: what the logon screen and older programs take.
pub const PASSWORD_LENGTH: usize = 127;

/// The built-in account, which the automatic logon may name.
pub const ADMINISTRATOR: &str = "Administrator";

const NOT_IN_ACCOUNT_NAMES: &str = r#""/\[]:|<>+=;,?*%@"#;
const NOT_IN_COMPUTER_NAMES: &str = r#"{|}~[\]^':;<=>?@!"`#$%()+/.,*& "#;

const RESERVED: [&str; 12] = [
    ADMINISTRATOR,
    "Guest",
    "DefaultAccount",
    "WDAGUtilityAccount",
    "SYSTEM",
    "NONE",
    "LOCAL SERVICE",
    "NETWORK SERVICE",
    "LOCAL",
    "NETWORK",
    "SELF",
    "EVERYONE",
];

/// The first character that an account's name cannot have.
#[must_use]
pub fn not_in_account_name(name: &str) -> Option<char> {
    name.chars().find(|character| NOT_IN_ACCOUNT_NAMES.contains(*character))
}

/// The first character that a computer's name cannot have.
#[must_use]
pub fn not_in_computer_name(name: &str) -> Option<char> {
    name.chars().find(|character| NOT_IN_COMPUTER_NAMES.contains(*character))
}

/// Whether Windows has an account or a group of that name by itself.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| are_same(reserved, name))
}

/// Windows compares names without regard to case.
#[must_use]
pub fn are_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
