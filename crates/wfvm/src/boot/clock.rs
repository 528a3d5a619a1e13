//! The clock of a guest that was frozen: it stood still meanwhile.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    disk,
    machine::clock,
    session::{Connection, SessionError},
};

/// Sets the guest's clock to `wanted`, QEMU's `-rtc base=`, unless it goes on where the template's stood, or that
/// was later.
pub(super) async fn set(
    connection: &Connection,
    wanted: &str,
    template: &str,
    state: Option<&Path>,
) -> Result<(), SessionError> {
    if disk::last_time(state).is_some_and(|last| clock::not_before(wanted, &last) != wanted) {
        return Ok(());
    }
    let Some(command) = command(wanted, template, SystemTime::now()) else { return Ok(()) };
    match connection.answer(&command).await? {
        (0, _) => Ok(()),
        (code, said) => Err(SessionError::Clock { code, said: said.trim().to_owned() }),
    }
}

/// What sets it, in no language's order of day and month; none if a fixed time just goes on.
fn command(wanted: &str, template: &str, now: SystemTime) -> Option<String> {
    let moving = clock::moves(wanted);
    if !moving && wanted == template {
        return None;
    }
    let since = if moving {
        now.duration_since(UNIX_EPOCH).ok()?
    } else {
        Duration::from_secs(clock::seconds(wanted)?)
    };
    let since = since.as_millis();
    Some(format!(
        "powershell -NoProfile -NonInteractive -Command \"Set-Date -Date \
         ([DateTimeOffset]::FromUnixTimeMilliseconds({since}).LocalDateTime) | Out-Null\""
    ))
}

#[cfg(test)]
mod tests {
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
}
