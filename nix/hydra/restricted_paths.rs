//! Store paths that may be built and used here, and may not be handed out: an
//! installed Windows has a licence for whoever installed it. Such a path says so
//! in its name. Each way of a NAR into a binary cache asks this first.

/// Whether a store path, in any of its forms, must not leave.
#[must_use]
pub fn is_restricted(store_path: &impl std::fmt::Display) -> bool {
    store_path.to_string().contains("-RESTRICTDIST-")
}

#[cfg(test)]
mod tests {
    use super::is_restricted;

    #[test]
    fn a_path_is_restricted_by_its_name() {
        let hash = "bwqqp42xqn37z31dapi7jrhy8iwc2zsx";
        for restricted in ["RESTRICTDIST-windows.img", "x-RESTRICTDIST-y", "RESTRICTDIST-windows.img.drv"] {
            assert!(is_restricted(&format!("{hash}-{restricted}")), "{restricted}");
            assert!(is_restricted(&format!("/nix/store/{hash}-{restricted}")), "{restricted}");
        }
        for free in ["windows", "RESTRICTDIST", "xRESTRICTDIST-y", "x-restrictdist-y", "x-RESTRICTDISTS-y"] {
            assert!(!is_restricted(&format!("{hash}-{free}")), "{free}");
        }
    }
}
