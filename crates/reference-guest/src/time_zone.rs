//! Windows' time zones: the names that exist, and what each means to a Unix program.

use crate::calendar::{civil, days, weekday};
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

/// How many seconds clocks of a zone are ahead of UTC at a moment, by a variable TZ as `posix` makes it.
pub(crate) fn ahead_of_utc(zone: &str, moment: i64) -> Option<i64> {
    let rest = zone.strip_prefix("STD")?;
    let Some((standard, rest)) = rest.split_once("DST") else { return Some(-seconds(rest)?) };
    let (daylight, rules) = rest.split_once(',')?;
    let (to_daylight, to_standard) = rules.split_once(',')?;
    let (standard, daylight) = (-seconds(standard)?, -seconds(daylight)?);
    let year = civil(moment + standard).year;
    // A rule is about the clock that is to be changed.
    let begin = change(year, to_daylight)? - standard;
    let end = change(year, to_standard)? - daylight;
    let is_daylight =
        if begin < end { (begin..end).contains(&moment) } else { !(end..begin).contains(&moment) };
    Some(if is_daylight { daylight } else { standard })
}

/// `H:MM` with a sign.
fn seconds(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (hours, minutes) = text.split_once(':')?;
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

/// What the clock shows when a rule, `MMONTH.WEEK.WEEKDAY/H:MM`, changes it: seconds since 1970.
fn change(year: i64, rule: &str) -> Option<i64> {
    let (date, time) = rule.strip_prefix('M')?.split_once('/')?;
    let mut numbers = date.split('.').map(str::parse::<i64>);
    let mut number = || numbers.next()?.ok();
    let (month, week, wanted) = (number()?, number()?, number()?);
    let first = days(year, month, 1);
    let after = days(year + month / 12, month % 12 + 1, 1);
    let mut day = first + (wanted - weekday(first)).rem_euclid(7) + (week - 1) * 7;
    // The fifth is the last, which may be the fourth.
    while day >= after {
        day -= 7;
    }
    Some(day * 86_400 + seconds(time)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_ahead_of_utc_by_the_zone_and_the_season() {
        let berlin = "STD-1:00DST-2:00,M3.5.0/2:00,M10.5.0/3:00";
        let sydney = "STD-10:00DST-11:00,M10.1.0/2:00,M4.1.0/3:00";
        for (zone, moment, hours) in [
            ("STD0:00", 1_790_000_000, 0),
            ("STD8:00", 1_790_000_000, -8),
            // 2026-03-29 00:59:59 and 01:00:00 UTC, 2026-10-25 00:59:59 and 01:00:00 UTC
            (berlin, 1_774_745_999, 1),
            (berlin, 1_774_746_000, 2),
            (berlin, 1_792_889_999, 2),
            (berlin, 1_792_890_000, 1),
            // January and July of 2026
            (sydney, 1_767_225_600, 11),
            (sydney, 1_782_864_000, 10),
        ] {
            assert_eq!(ahead_of_utc(zone, moment), Some(hours * 3600), "{zone} at {moment}");
        }
        assert_eq!(ahead_of_utc("Europe/Berlin", 0), None);
    }

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
