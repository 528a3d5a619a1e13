//! Points of time, as QEMU's `-rtc base=` takes them.

/// The first of January 1970, in days since the first of March of the year 0.
const EPOCH: u64 = 719_468;
const DAY: u64 = 24 * 60 * 60;

/// Whether it is the host's clock.
#[must_use]
pub fn moves(base: &str) -> bool {
    ["utc", "localtime"].contains(&base)
}

/// A time of UTC such as `2022-10-10T10:10:10`, or its date alone, in seconds since 1970.
#[must_use]
pub fn seconds(time: &str) -> Option<u64> {
    let mut numbers = time.split(['-', 'T', ':']).map(str::parse::<u64>);
    let mut next = |absent| numbers.next().map_or(Some(absent), Result::ok);
    let (year, month, day) = (next(0)?, next(0)?, next(0)?);
    let (hour, minute, second) = (next(0)?, next(0)?, next(0)?);
    // A year that begins with March has its leap day at its end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    Some(((days.checked_sub(EPOCH + 1)? * 24 + hour) * 60 + minute) * 60 + second)
}

/// The same, written.
#[must_use]
pub fn text(seconds: u64) -> String {
    let (days, of_day) = (seconds / DAY + EPOCH, seconds % DAY);
    // Years of 400 begin alike.
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) =
        (era * 400 + year + u64::from(month > 9), if month > 9 { month - 9 } else { month + 3 });
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Where a machine's clock starts that should start at `base` and whose guest has last seen `last`: a guest whose
/// time goes back has files, certificates and logs from its future.
#[must_use]
pub fn not_before<'a>(base: &'a str, last: &'a str) -> &'a str {
    match (seconds(base), seconds(last)) {
        (Some(wanted), Some(seen)) if wanted < seen => last,
        _ => base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        // By `date -u -d TIME +%s`.
        for (time, number) in [
            ("1970-01-01T00:00:00", 0),
            ("2000-02-29T23:59:59", 951_868_799),
            ("2022-10-10T10:10:10", 1_665_396_610),
            ("2024-12-31T00:00:01", 1_735_603_201),
            ("2100-03-01T00:00:00", 4_107_542_400),
        ] {
            assert_eq!(seconds(time), Some(number), "{time}");
            assert_eq!(text(number), time);
        }
        assert_eq!(seconds("1970-01-02"), Some(DAY));
        assert_eq!(seconds("tomorrow"), None);
        for day in 0..200_000 {
            assert_eq!(seconds(&text(day * DAY + 7)), Some(day * DAY + 7));
        }
    }

    #[test]
    fn a_fixed_time_is_never_before_the_last_one_and_the_hosts_own_stays() {
        let (early, late) = ("2022-10-10", "2022-10-10T10:15:00");
        assert_eq!(not_before(early, late), late);
        assert_eq!(not_before(late, early), late);
        assert_eq!(not_before("localtime", late), "localtime");
        assert_eq!(not_before(early, "damaged"), early);
        assert!(moves("utc") && !moves(early));
    }
}
