//! Moments: the expressions of .NET that name one, and how PowerShell writes one. Text is as in en-US.

use std::fmt::Write as _;

use rustix::time::{ClockId, clock_gettime};

use crate::calendar::{Civil, civil};
use crate::{time_zone, wine};

/// Milliseconds since the beginning of 1970, UTC.
pub(super) type Moment = i64;

// DateTimeOffset.FromUnixTimeMilliseconds: "less than -62,135,596,800,000 or greater than 253,402,300,799,999" is out of range.
const MOMENTS: std::ops::RangeInclusive<Moment> = -62_135_596_800_000..=253_402_300_799_999;

/// What is counted since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Milliseconds,
    Seconds,
}

impl Unit {
    fn in_moment(self) -> Moment {
        match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1000,
        }
    }

    fn of(name: &str) -> Option<Self> {
        match name {
            "unixtimemilliseconds" => Some(Self::Milliseconds),
            "unixtimeseconds" => Some(Self::Seconds),
            _ => None,
        }
    }

    /// The time now.
    pub(super) fn now(self) -> i64 {
        now().div_euclid(self.in_moment())
    }
}

/// A member of `[DateTimeOffset]`, in lower case; names in .NET have no case in PowerShell.
fn of_date_time_offset(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (class, member) = text.strip_prefix('[')?.split_once("]::")?;
    matches!(class, "datetimeoffset" | "system.datetimeoffset").then(|| member.to_owned())
}

/// `[DateTimeOffset]::FromUnixTimeMilliseconds(N).LocalDateTime`, or the same of seconds.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let member = of_date_time_offset(text)?;
    let (method, rest) = member.strip_prefix("from")?.split_once('(')?;
    let number: i64 = rest.strip_suffix(").localdatetime")?.trim().parse().ok()?;
    number.checked_mul(Unit::of(method)?.in_moment()).filter(|moment| MOMENTS.contains(moment))
}

/// `[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()`: the unit of the number that it is.
pub(super) fn unit_of_now(text: &str) -> Option<Unit> {
    let member = of_date_time_offset(text)?;
    // The same moment in another zone is the same number.
    let method = member.strip_prefix("utcnow.to").or_else(|| member.strip_prefix("now.to"))?;
    Unit::of(method.strip_suffix("()")?)
}

pub(super) fn now() -> Moment {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}

/// What clocks on the wall show, in the time zone of Windows.
fn local(moment: Moment) -> Civil {
    let seconds = moment.div_euclid(1000);
    let ahead = wine::time_zone().and_then(|zone| time_zone::ahead_of_utc(&zone, seconds));
    civil(seconds + ahead.unwrap_or(0))
}

/// A date as PowerShell prints it by itself: the long date and the long time.
pub(super) fn printed(moment: Moment) -> String {
    long(local(moment))
}

fn long(date: Civil) -> String {
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let name = |names: &[&'static str], index: i64| {
        usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or_default()
    };
    let (hour, half) = ((date.hour + 11) % 12 + 1, if date.hour < 12 { "AM" } else { "PM" });
    format!(
        "\r\n{}, {} {}, {} {hour}:{:02}:{:02} {half}\r\n",
        name(&DAYS, date.weekday),
        name(&MONTHS, date.month - 1),
        date.day,
        date.year,
        date.minute,
        date.second
    )
}

/// A date by a format of one's own: the specifiers of fixed width that scripts use, and what stands for itself.
pub(super) fn formatted(moment: Moment, format: &str) -> Option<String> {
    by_format(local(moment), moment.rem_euclid(1000), format)
}

fn by_format(date: Civil, milliseconds: i64, format: &str) -> Option<String> {
    let specifiers = [
        ("yyyy", date.year),
        ("MM", date.month),
        ("dd", date.day),
        ("HH", date.hour),
        ("mm", date.minute),
        ("ss", date.second),
        ("fff", milliseconds),
    ];
    let (mut text, mut rest) = (String::new(), format);
    while let Some(first) = rest.chars().next() {
        // Specifiers are runs of one letter: another length is another specifier.
        let length = rest.chars().take_while(|c| *c == first).count();
        if first.is_ascii_alphabetic() && first != 'T' {
            let (run, after) = rest.split_at_checked(length)?;
            let (_, number) = specifiers.iter().find(|(specifier, _)| *specifier == run)?;
            // Writing to a String cannot fail.
            let _ = write!(text, "{number:0length$}");
            rest = after;
        } else if matches!(first, 'T' | '-' | ':' | '/' | '.' | '_' | ' ') {
            text.push(first);
            rest = rest.get(1..)?;
        } else {
            return None;
        }
    }
    // A single character is one of .NET's standard formats.
    (format.len() > 1).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_dot_net_has_it() {
        let milliseconds = "[DateTimeOffset]::FromUnixTimeMilliseconds(1790000000123).LocalDateTime";
        assert_eq!(moment(milliseconds), Some(1_790_000_000_123));
        assert_eq!(moment(&milliseconds.to_uppercase()), Some(1_790_000_000_123));
        assert_eq!(moment("[System.DateTimeOffset]::FromUnixTimeSeconds( -5 ).LocalDateTime"), Some(-5000));
        for refused in [
            "[DateTimeOffset]::FromUnixTimeMilliseconds(1790000000123)",
            // Set-Date takes its clock reading as local time, whatever it is.
            "[DateTimeOffset]::FromUnixTimeMilliseconds(1790000000123).UtcDateTime",
            "[DateTime]::FromUnixTimeMilliseconds(1).LocalDateTime",
            "[DateTimeOffset]::FromUnixTimeMilliseconds(x).LocalDateTime",
            "[DateTimeOffset]::FromUnixTimeMilliseconds(1 + 1).LocalDateTime",
            "[DateTimeOffset]::FromUnixTimeMilliseconds(253402300800000).LocalDateTime",
            "1790000000123",
        ] {
            assert_eq!(moment(refused), None, "{refused}");
        }
    }

    #[test]
    fn now_is_a_number_of_milliseconds_or_seconds() {
        assert_eq!(
            unit_of_now("[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()"),
            Some(Unit::Milliseconds)
        );
        assert_eq!(unit_of_now("[datetimeoffset]::now.tounixtimeseconds()"), Some(Unit::Seconds));
        assert_eq!(unit_of_now("[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds"), None);
        assert_eq!(unit_of_now("[DateTimeOffset]::UtcNow"), None);
        assert_eq!(Unit::Seconds.now() / 10, Unit::Milliseconds.now() / 10_000);
    }

    #[test]
    fn dates_are_printed_as_in_america() {
        assert_eq!(long(civil(1_790_009_600)), "\r\nMonday, September 21, 2026 4:53:20 PM\r\n");
        assert_eq!(long(civil(1_767_225_600)), "\r\nThursday, January 1, 2026 12:00:00 AM\r\n");
    }

    #[test]
    fn a_format_has_parts_of_fixed_width() {
        let of = |format| by_format(civil(1_767_323_045), 7, format);
        assert_eq!(of("yyyy-MM-ddTHH:mm:ss.fff").as_deref(), Some("2026-01-02T03:04:05.007"));
        assert_eq!(of("yyyyMMdd HHmm").as_deref(), Some("20260102 0304"));
        for refused in ["", "d", "o", "dddd", "yyyy-M-d", "hh:mm tt", "HH'h'", "%d"] {
            assert_eq!(of(refused), None, "{refused}");
        }
    }
}
