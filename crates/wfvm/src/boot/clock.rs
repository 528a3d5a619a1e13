//! The clock of a guest that was frozen: it stood still meanwhile.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::session::{Connection, SessionError};

/// Sets the guest's clock to `wanted`, QEMU's `-rtc base=`, unless it goes on where the template's stood.
pub(super) async fn set(connection: &Connection, wanted: &str, template: &str) -> Result<(), SessionError> {
    let Some(command) = command(wanted, template, SystemTime::now()) else { return Ok(()) };
    match connection.answer(&command).await? {
        (0, _) => Ok(()),
        (code, said) => Err(SessionError::Clock { code, said: said.trim().to_owned() }),
    }
}

/// What sets it, in no language's order of day and month; none if a fixed time just goes on.
fn command(wanted: &str, template: &str, now: SystemTime) -> Option<String> {
    let moving = ["utc", "localtime"].contains(&wanted);
    if !moving && wanted == template {
        return None;
    }
    let since = if moving { now.duration_since(UNIX_EPOCH).ok()?.as_millis() } else { milliseconds(wanted)? };
    Some(format!(
        "powershell -NoProfile -NonInteractive -Command \"Set-Date -Date \
         ([DateTimeOffset]::FromUnixTimeMilliseconds({since}).LocalDateTime) | Out-Null\""
    ))
}

/// The first of January 1970, in days.
const EPOCH: u64 = 719_469;

/// A time of UTC as QEMU takes it, `2022-10-10T10:10:10` or its date alone, in milliseconds since 1970.
fn milliseconds(time: &str) -> Option<u128> {
    let mut numbers = time.split(['-', 'T', ':']).map(str::parse::<u64>);
    let mut next = |absent| numbers.next().map_or(Some(absent), Result::ok);
    let (year, month, day) = (next(0)?, next(0)?, next(0)?);
    let (hour, minute, second) = (next(0)?, next(0)?, next(0)?);
    // A year that begins with March has its leap day at its end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let seconds = ((days.checked_sub(EPOCH)? * 24 + hour) * 60 + minute) * 60 + second;
    Some(u128::from(seconds) * 1000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fixed_time_goes_on_and_any_other_is_set() {
        let now = UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
        assert_eq!(command("2022-10-10", "2022-10-10", now), None);
        let set = command("utc", "utc", now).unwrap();
        assert!(set.contains("FromUnixTimeMilliseconds(1790000000123).LocalDateTime"), "{set}");
        let set = command("2023-01-02", "2022-10-10", now).unwrap();
        assert!(set.contains("(1672617600000)"), "{set}");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        // By `date -u -d TIME +%s`.
        assert_eq!(milliseconds("1970-01-01"), Some(0));
        assert_eq!(milliseconds("2000-02-29T23:59:59"), Some(951_868_799_000));
        assert_eq!(milliseconds("2022-10-10T10:10:10"), Some(1_665_396_610_000));
        assert_eq!(milliseconds("2100-03-01"), Some(4_107_542_400_000));
        assert_eq!(milliseconds("tomorrow"), None);
    }
}
