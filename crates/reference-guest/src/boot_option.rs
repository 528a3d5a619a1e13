//! What the firmware may start: `EFI_LOAD_OPTION` (UEFI specification 2.10, sections 3.1.3 and 10.3.5).

use crate::disk_configuration::Esp;

/// What Windows calls its own.
const WINDOWS: &str = "Windows Boot Manager";
const WINDOWS_FILE: &str = "\\EFI\\Microsoft\\Boot\\bootmgfw.efi";
const LOAD_OPTION_ACTIVE: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BootOption {
    attributes: u32,
    pub(crate) description: String,
    /// The device path, to its end node.
    path: Vec<u8>,
    /// What the started program gets.
    data: Vec<u8>,
}

impl BootOption {
    /// That of an installed Windows: a hard drive and a file path node.
    pub(crate) fn windows(esp: Esp) -> Self {
        let file = utf16(WINDOWS_FILE);
        let mut path = vec![4, 1, 42, 0];
        path.extend(esp.number.to_le_bytes());
        path.extend(esp.start_sector.to_le_bytes());
        path.extend(esp.sectors.to_le_bytes());
        path.extend(esp.guid);
        path.extend([2, 2]); // GPT; the signature is a GUID
        path.extend([4, 4]);
        path.extend(u16::try_from(4 + file.len()).unwrap_or(u16::MAX).to_le_bytes());
        path.extend(file);
        path.extend([0x7F, 0xFF, 4, 0]);
        Self { attributes: LOAD_OPTION_ACTIVE, description: WINDOWS.to_owned(), path, data: Vec::new() }
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (attributes, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let units = rest.chunks_exact(2).filter_map(|unit| unit.try_into().ok()).map(u16::from_le_bytes);
        let text: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
        let rest = rest.get(2 * text.len() + 2..)?;
        let (path, data) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        Some(Self {
            attributes: u32::from_le_bytes(*attributes),
            description: String::from_utf16_lossy(&text),
            path: path.to_vec(),
            data: data.to_vec(),
        })
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = u16::try_from(self.path.len()).unwrap_or(u16::MAX);
        let head = [&self.attributes.to_le_bytes()[..], &length.to_le_bytes()].concat();
        [&head[..], &utf16(&self.description), &self.path, &self.data].concat()
    }

    pub(crate) fn described(self, description: &str) -> Self {
        Self { description: description.to_owned(), ..self }
    }

    pub(crate) fn starts_windows(&self) -> bool {
        let file = utf16(WINDOWS_FILE);
        self.path.windows(file.len()).any(|here| here.eq_ignore_ascii_case(&file))
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_read_as_it_was_written_and_what_is_cut_short_is_none() {
        let esp = Esp { number: 1, start_sector: 2048, sectors: 4096, guid: [7; 16] };
        let option = BootOption::windows(esp).described("My Windows");
        assert!(option.starts_windows());
        let bytes = option.bytes();
        assert_eq!(BootOption::parse(&bytes), Some(option));
        for length in [0, 5, 10, bytes.len() - 1] {
            assert_eq!(BootOption::parse(&bytes[..length]), None, "{length}");
        }
    }
}
