//! Figures: for people a table, for programs JSON.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;

/// One measure: ours and every anchor, in the same unit. Less is better in all of them.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) measure: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Spread,
    pub(crate) anchors: BTreeMap<&'static str, Spread>,
    /// How many times better ours is, by the middle values.
    pub(crate) ratio: BTreeMap<&'static str, f64>,
}

/// Where the values of one series lie.
#[derive(Debug, Serialize, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) n: usize,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        // Nearest rank: a value that was seen, not one between two.
        let rank = |percent: usize| (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        let at = |percent| sorted.get(rank(percent)).copied().unwrap_or(f64::NAN);
        Self { p50: at(50), p95: at(95), n: sorted.len() }
    }
}

impl Figure {
    pub(crate) fn new(
        measure: impl Into<String>,
        unit: &'static str,
        ours: &[f64],
        anchors: &BTreeMap<&'static str, Vec<f64>>,
    ) -> Self {
        let ours = Spread::of(ours);
        let anchors: BTreeMap<_, _> =
            anchors.iter().map(|(name, values)| (*name, Spread::of(values))).collect();
        let ratio = anchors.iter().map(|(name, anchor)| (*name, anchor.p50 / ours.p50)).collect();
        Self { measure: measure.into(), unit, ours, anchors, ratio }
    }
}

/// All figures, a line for each series.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut text = String::from(
        "measure                              series              p50            p95     n  unit   ours is better by\n",
    );
    for figure in figures {
        let mut line = |series: &str, spread: Spread, ratio: Option<&f64>| {
            let ratio = ratio.map(|ratio| format!("{ratio:.1} times")).unwrap_or_default();
            let Spread { p50, p95, n } = spread;
            // A String takes everything.
            let _ = writeln!(
                text,
                "{:<36} {series:<12} {p50:>12.2}   {p95:>12.2} {n:>5}  {:<6} {ratio}",
                figure.measure, figure.unit
            );
        };
        line("ours", figure.ours, None);
        for (name, spread) in &figure.anchors {
            line(name, *spread, figure.ratio.get(name));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let spread = Spread::of(&[5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!((spread.p50, spread.p95, spread.n), (3.0, 5.0, 5));
    }

    #[test]
    fn a_ratio_above_one_means_that_ours_is_better() {
        let figure = Figure::new("m", "ms", &[2.0], &BTreeMap::from([("other", vec![8.0])]));
        assert_eq!(figure.ratio.get("other"), Some(&4.0));
    }
}
