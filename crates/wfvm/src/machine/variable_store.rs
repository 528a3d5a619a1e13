//! What OVMF keeps its variables in: EDK II's authenticated variable store (`MdeModulePkg`,
//! `Include/Guid/VariableFormat.h`) in a firmware volume (Platform Initialization specification, volume 3, 3.2.1).

/// `gEfiAuthenticatedVariableGuid`, as it lies in the file.
const AUTHENTICATED_STORE: [u8; 16] =
    [0x78, 0x2C, 0xF3, 0xAA, 0x7B, 0x94, 0x9A, 0x43, 0xA1, 0x80, 0x2E, 0x14, 0x4E, 0xC3, 0x77, 0x92];
/// `EFI_GLOBAL_VARIABLE`, likewise.
const GLOBAL: [u8; 16] =
    [0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C];
/// Of a firmware volume's header; its own length stands at 48.
const VOLUME_SIGNATURE: (usize, &[u8]) = (40, b"_FVH");
const STORE_HEADER: usize = 28;
const VARIABLE_HEADER: usize = 60;
const VARIABLE_START: [u8; 2] = [0xAA, 0x55];
/// Written whole (`VAR_ADDED`), and the same while its successor is being written (`VAR_IN_DELETED_TRANSITION`).
const IN_USE: [u8; 2] = [0x3F, 0x3E];

/// Whether there is a platform key. Without one the firmware is in its setup mode, and starts whatever it finds
/// (UEFI specification 2.10, 32.3.1).
#[must_use]
pub fn has_platform_key(store: &[u8]) -> bool {
    let name: Vec<u8> = "PK\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    variables(store).is_some_and(|mut variables| {
        variables.any(|variable| variable.vendor == GLOBAL && variable.name == name && variable.size > 0)
    })
}

struct Variable<'a> {
    vendor: &'a [u8],
    name: &'a [u8],
    size: usize,
}

fn variables(store: &[u8]) -> Option<impl Iterator<Item = Variable<'_>>> {
    let (at, signature) = VOLUME_SIGNATURE;
    let is_volume = store.get(at..at + signature.len()) == Some(signature);
    let head = is_volume.then(|| store.get(48..50)).flatten()?;
    let head = usize::from(u16::from_le_bytes(head.try_into().ok()?));
    let mut rest = store.get(head..)?;
    rest = rest.starts_with(&AUTHENTICATED_STORE).then(|| rest.get(STORE_HEADER..)).flatten()?;
    let read = move || {
        let header = rest.get(..VARIABLE_HEADER).filter(|header| header.starts_with(&VARIABLE_START))?;
        let number = |at: usize| {
            let bytes = header.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let (name, size) = (number(36)?, number(40)?);
        let end = VARIABLE_HEADER.checked_add(name)?.checked_add(size)?;
        let variable = Variable {
            vendor: header.get(44..60)?,
            name: rest.get(VARIABLE_HEADER..VARIABLE_HEADER + name)?,
            size,
        };
        let used = header.get(2).is_some_and(|state| IN_USE.contains(state));
        // Each begins at a multiple of four.
        rest = rest.get(end.checked_next_multiple_of(4)?..)?;
        Some(used.then_some(variable))
    };
    Some(std::iter::from_fn(read).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(variables: &[(&str, u8, [u8; 16], usize)]) -> Vec<u8> {
        let mut store = vec![0; 72];
        store[40..44].copy_from_slice(b"_FVH");
        store[48] = 72;
        store.extend(AUTHENTICATED_STORE);
        store.extend([0; 12]);
        for (name, state, vendor, size) in variables {
            let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
            store.extend([0xAA, 0x55, *state, 0]);
            store.extend([0; 32]);
            store.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
            store.extend(u32::try_from(*size).unwrap().to_le_bytes());
            store.extend(vendor);
            store.extend(name);
            store.extend(vec![1; *size]);
            store.resize(store.len().next_multiple_of(4), 0xFF);
        }
        store.extend([0xFF; 64]);
        store
    }

    #[test]
    fn a_platform_key_is_one_that_is_in_use_and_the_firmwares_own() {
        let boot = ("Boot0000", 0x3F, GLOBAL, 7);
        let with = |state, vendor, size| has_platform_key(&store(&[boot, ("PK", state, vendor, size), boot]));
        assert!(with(0x3F, GLOBAL, 10));
        assert!(with(0x3E, GLOBAL, 10));
        assert!(!with(0x3D, GLOBAL, 10), "deleted");
        assert!(!with(0x3F, [7; 16], 10), "another vendor's");
        assert!(!with(0x3F, GLOBAL, 0), "empty");
        assert!(!has_platform_key(&store(&[boot])));
    }

    #[test]
    fn what_is_cut_short_or_no_store_has_no_key() {
        let whole = store(&[("Boot0000", 0x3F, GLOBAL, 7), ("PK", 0x3F, GLOBAL, 10)]);
        let end = whole.len() - 64;
        assert!(has_platform_key(&whole[..end]));
        for length in 0..end {
            assert!(!has_platform_key(&whole[..length]), "{length}");
        }
        assert!(!has_platform_key(&[0xFF; 4096]));
    }
}
