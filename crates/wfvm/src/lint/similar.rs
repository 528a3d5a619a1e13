//! Which of some names was probably meant.

/// The name nearest to `wanted`, if few letters differ: for a typing error, not for another word.
pub(super) fn similar<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = wanted.to_lowercase();
    // A file made by others may hold names of any length, and the distance is quadratic.
    if wanted.len() > 100 {
        return None;
    }
    let most = if wanted.len() < 6 { 1 } else { 2 };
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn a_typing_error_leads_to_the_name_and_another_word_does_not() {
        let names = ["ComputerName", "ProductKey", "TimeZone"];
        assert_eq!(similar("ComputerNam", names), Some("ComputerName"));
        assert_eq!(similar("computername", names), Some("ComputerName"));
        assert_eq!(similar("ProdcutKey", names), Some("ProductKey"));
        assert_eq!(similar("Timezones", names), Some("TimeZone"));
        assert_eq!(similar("UserName", names), None);
    }
}
