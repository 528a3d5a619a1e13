//! Any bytes changed, any end cut off: the reader answers, and does not panic.

use proptest::prelude::*;

use super::*;

/// Where a changed byte does something: boot sectors, tables, directories; and anywhere.
fn places(image: &Image) -> Vec<u64> {
    let geometry = image.volume().geometry;
    let (table, data) = (geometry.table(0), geometry.offset(2));
    let sectors = (0x1B8..512).chain(MIB..MIB + 96);
    sectors.chain(table..table + 600).chain(data..data + 8 * CLUSTER as u64).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn changed_bytes_never_make_the_reader_panic_or_hang(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)
    ) {
        let image = Image::usual();
        let places = places(&image);
        for (place, byte) in changes {
            image.patch(*place.get(&places), &[byte]);
        }
        if let Ok(volume) = Volume::open(&image.path()) {
            let _ = volume.read("out/sub/UPPER.TXT", 1 << 20);
            if let Err(error) = everything(&volume, LIMITS) {
                prop_assert!(matches!(error, ExchangeError::Damaged { .. }), "{error}");
            }
        }
    }

    #[test]
    fn a_cut_off_end_never_makes_the_reader_panic(bytes in 0..BYTES) {
        let image = Image::usual();
        fs_err::OpenOptions::new().write(true).open(image.path()).unwrap().set_len(bytes).unwrap();
        prop_assert!(Volume::open(&image.path()).is_err());
    }
}
