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
        .map(|name| (distance(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters are to be put in, taken out, changed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, here) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, there) in other.iter().enumerate() {
            let value = |list: &[usize], at: usize| list.get(at).copied().unwrap_or(usize::MAX / 2);
            let changed = value(&last, column) + usize::from(here != there);
            let mut fewest = changed.min(value(&last, column + 1) + 1).min(value(&next, column) + 1);
            let swapped = row > 0
                && column > 0
                && one.get(row - 1) == Some(there)
                && other.get(column - 1) == Some(here);
            if swapped {
                fewest = fewest.min(value(&before, column - 1) + 1);
            }
            next.push(fewest);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or(0)
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
