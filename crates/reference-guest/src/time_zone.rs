//! Windows' time zones: the names that exist, and what each means to a Unix program.

use crate::registry::Hive;

const ZONES: &str = "Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones";

/// Whether Windows knows the zone by this name.
pub(crate) fn exists(system: &Hive, name: &str) -> bool {
    !name.is_empty() && system.has_key(&format!("{ZONES}\\{name}"))
}

/// The zone in the form of the environment variable TZ, from which Wine takes its clock.
pub(crate) fn posix(system: &Hive, name: &str) -> Option<String> {
    from_tzi(&system.bytes(&format!("{ZONES}\\{name}"), "TZI")?)
}

// REG_TZI_FORMAT: Bias, StandardBias, DaylightBias (minutes, 32 bits), StandardDate, DaylightDate (SYSTEMTIME, 8 x 16 bits).
fn from_tzi(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (bias, standard_bias, daylight_bias) = (word(0)?, word(4)?, word(8)?);
    let standard = offset(bias + standard_bias);
    let (to_standard, to_daylight) = (rule(bytes.get(12..28)?)?, rule(bytes.get(28..44)?)?);
    Some(match (to_standard, to_daylight) {
        (to_standard, to_daylight) if !to_standard.is_empty() && !to_daylight.is_empty() => {
            format!("STD{standard}DST{},{to_daylight},{to_standard}", offset(bias + daylight_bias))
        }
        _ => format!("STD{standard}"),
    })
}

fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// The POSIX rule for one change of the clock: empty if the zone has none.
fn rule(date: &[u8]) -> Option<String> {
    let word = |index: usize| Some(u16::from_le_bytes(date.get(index * 2..index * 2 + 2)?.try_into().ok()?));
    let (month, weekday, week, hour, minute) = (word(1)?, word(2)?, word(3)?, word(4)?, word(5)?);
    Some(if month == 0 { String::new() } else { format!("M{month}.{week}.{weekday}/{hour}:{minute:02}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn central_europe_changes_its_clock_in_march_and_october() {
        let bytes: Vec<u8> = [
            0xC4, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xC4, 0xFF, 0xFF, 0xFF, // biases
            0, 0, 10, 0, 0, 0, 5, 0, 3, 0, 0, 0, 0, 0, 0, 0, // to standard time
            0, 0, 3, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0, // to daylight time
        ]
        .to_vec();
        assert_eq!(from_tzi(&bytes).as_deref(), Some("STD-1:00DST-2:00,M3.5.0/2:00,M10.5.0/3:00"));
    }

    #[test]
    fn utc_has_no_rules() {
        assert_eq!(from_tzi(&[0; 44]).as_deref(), Some("STD0:00"));
    }
}
