use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is set on the installed Windows. Whatever is absent stays as Windows has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// The language of what has no text in `uiLanguage`.
    pub ui_language_fallback: Option<String>,
    /// Keyboard driver of a Japanese or Korean keyboard, 1 to 6.
    pub layered_driver: Option<u8>,
    /// Whether the clock follows daylight saving time.
    pub daylight_saving: Option<bool>,
    /// Whether administrators are asked before a program has their rights; absent: false.
    pub user_account_control: Option<bool>,
    /// Whether Remote Desktop takes connections, and the firewall lets them in.
    pub remote_desktop: Option<bool>,
    /// Whether the firewall is on, in all of its profiles.
    pub firewall: Option<bool>,
    /// Whether Windows updates itself.
    pub windows_update: Option<bool>,
    /// Whether Microsoft Defender runs. A client with tamper protection ignores `false`.
    pub defender: Option<bool>,
    /// Whether the memory can be saved to the disk, which takes room for it.
    pub hibernation: Option<bool>,
    /// Whether screen and machine go to standby when nobody uses them.
    pub standby: Option<bool>,
    /// Fixed size of the page file in MiB; 0: none.
    pub page_file_mib: Option<u32>,
    /// Whether reports of errors and of use are sent.
    pub telemetry: Option<bool>,
    /// Whether restore points are made.
    pub system_restore: Option<bool>,
    /// Whether Windows tries to activate itself.
    pub automatic_activation: Option<bool>,
    /// Whether Windows may encrypt its disk; absent: false.
    pub device_encryption: Option<bool>,
    /// Servers: whether the Server Manager opens at each logon.
    pub server_manager_at_logon: Option<bool>,
    /// Servers: whether Internet Explorer's Enhanced Security Configuration is on.
    pub ie_enhanced_security: Option<bool>,
    /// Whether files are stored compressed, which is slower to install and smaller.
    pub compact_os: Option<bool>,
    /// How often `autoLogon` is logged on by itself; absent: 999. Windows may do it once more.
    pub logon_count: Option<u32>,
    /// Cards, names and workgroup.
    pub networking: Networking,
    /// Values below `HKLM` (set in the specialize pass), and below `HKCU` (set for the default
    /// user in the specialize pass, and at the first logon for who is logged on).
    pub registry: Vec<RegistryValue>,
    /// Files that are put onto the disk in the specialize pass.
    pub files: Vec<PlacedFile>,
    /// Lines for `cmd.exe` at the first logon, as in a command file, each of which has to end
    /// with 0. They run before the SSH server starts.
    pub first_logon_commands: Vec<String>,
    /// Folders of drivers that Setup loads and installs: `.inf` files with all that they name.
    pub drivers: Vec<PathBuf>,
    /// virtio-win's medium, as an ISO or unpacked: what the machine needs of it is chosen by the release.
    pub virtio_win: Option<PathBuf>,
}

/// Cards, names and workgroup.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Networking {
    /// Cards that are not to be set up by DHCP alone.
    pub interfaces: Vec<Interface>,
    /// Up to 15 bytes.
    pub workgroup: Option<String>,
    /// The domain of the computer's own full name.
    pub dns_domain: Option<String>,
    /// Domains in which short names are looked for.
    pub dns_suffixes: Vec<String>,
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Interface {
    /// Its hardware address, `52-54-00-12-34-56`, or its name, `Ethernet`.
    pub identifier: String,
    /// Addresses with the length of their prefix, `192.168.1.2/24`; none: DHCP.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Next hop of everything else.
    #[serde(default)]
    pub gateway: Option<String>,
    /// Name servers, the first asked first.
    #[serde(default)]
    pub dns: Vec<String>,
}

/// A value of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistryValue {
    /// Such as `HKLM\SOFTWARE\Example`.
    pub key: String,
    /// Empty: the key's own value.
    pub name: String,
    /// Type and content.
    pub data: RegistryData,
}

/// Type and content of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RegistryData {
    /// `REG_SZ`.
    String(String),
    /// `REG_EXPAND_SZ`.
    ExpandString(String),
    /// `REG_MULTI_SZ`.
    MultiString(Vec<String>),
    /// `REG_DWORD`.
    Dword(u32),
    /// `REG_QWORD`.
    Qword(u64),
    /// `REG_BINARY`, as hexadecimal digits.
    Binary(String),
}

/// A file that is put onto the installed disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlacedFile {
    /// Where, such as `C:\tools\tool.exe`; its folder is made.
    pub path: String,
    /// The file.
    pub source: PathBuf,
}
