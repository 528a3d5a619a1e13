//! The closure and the exchange area as drives of the guest, under letters of our choice.

use std::path::Path;

use crate::{
    blame::Blame,
    boot::{Guest, GuestError},
    spec::Letters,
    wait::{self, Deadline},
};

/// The socket of the closure, in the machine's directory.
pub(crate) const STORE_SOCKET: &str = "store.sock";

/// Why the guest's drives are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum DrivesError {
    /// The guest does not give them their letters.
    #[error("the guest's drives could not get their letters: {0}")]
    Letters(String),
    /// The machine failed, or the guest in it.
    #[error(transparent)]
    Guest(GuestError),
}

impl DrivesError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Letters(_) => Blame::Guest,
            Self::Guest(error) => error.blame(),
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Letters(_) => None,
            Self::Guest(error) => error.hint(),
        }
    }
}

impl<E> From<E> for DrivesError
where
    GuestError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Guest(error.into())
    }
}

/// What a drive is known by, since cards and other media shift letters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drives<'a> {
    pub(crate) letters: Letters,
    /// A file in the exchange drive's root.
    pub(crate) mark: &'a str,
    /// One of the store drive, if there is one.
    pub(crate) store_path: Option<&'a Path>,
}

impl Drives<'_> {
    /// Finds the drives and gives them their letters.
    pub(crate) async fn find(&self, guest: &Guest, deadline: Deadline) -> Result<(), DrivesError> {
        let signs = guest.signs.clone();
        let found = wait::race("the guest's drives", self.look(guest), &signs, deadline).await??;
        let wanted = [(found.exchange, self.letters.exchange), (found.store, self.letters.store)];
        let moves: Vec<(char, char)> = wanted
            .into_iter()
            .filter_map(|(now, wanted)| Some((now?, wanted)))
            .filter(|(now, wanted)| now != wanted)
            .collect();
        if moves.is_empty() {
            return Ok(());
        }
        let change = change_letters(guest, &moves);
        wait::race("the drives' letters", change, &signs, deadline).await?
    }

    /// Asks until both are there: a disk on USB is found a moment after its machine has started.
    async fn look(&self, guest: &Guest) -> Result<Found, DrivesError> {
        let store = self.store_path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let command = format!(
            r"for %d in ({LETTERS}) do @if exist %d:\{} (echo exchange %d) else if exist %d:\{} echo store %d",
            self.mark,
            store.as_deref().unwrap_or(self.mark)
        );
        loop {
            let (_, stdout, _) = guest.connection.run_to_end(&command).await?;
            let found = Found::read(&String::from_utf8_lossy(&stdout));
            if found.exchange.is_some() && (store.is_none() || found.store.is_some()) {
                return Ok(found);
            }
            wait::poll_pause().await;
        }
    }
}

const LETTERS: &str = "D E F G H I J K L M N O P Q R S T U V W X Y Z";

#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    exchange: Option<char>,
    store: Option<char>,
}

impl Found {
    fn read(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (what, letter) = (words.next(), words.next().and_then(|word| word.chars().next()));
            match what {
                Some("exchange") => found.exchange = letter,
                Some("store") => found.store = letter,
                _ => {}
            }
        }
        found
    }
}

/// A volume has one letter, which is taken away before it gets another.
async fn change_letters(guest: &Guest, moves: &[(char, char)]) -> Result<(), DrivesError> {
    let ask: Vec<String> = moves.iter().map(|(now, _)| format!("mountvol {now}: /L")).collect();
    let told = command(guest, &ask.join(" & ")).await?;
    let volumes: Vec<&str> =
        told.lines().map(str::trim).filter(|line| line.starts_with(r"\\?\Volume{")).collect();
    if volumes.len() != moves.len() {
        return Err(DrivesError::Letters(format!("mountvol told: {}", told.trim())));
    }
    // All are taken away first: one may have the letter that another one shall get.
    let take = moves.iter().map(|(now, _)| format!("mountvol {now}: /D"));
    let give = moves.iter().zip(volumes).map(|((_, wanted), volume)| format!("mountvol {wanted}: {volume}"));
    let all: Vec<String> = take.chain(give).collect();
    command(guest, &all.join(" && ")).await.map(drop)
}

/// The names in a directory of the guest's; none if it is not there.
pub(crate) async fn names_in(
    guest: &Guest,
    directory: &str,
    deadline: Deadline,
) -> Result<Vec<String>, DrivesError> {
    // An empty directory is told as an error.
    let order = format!(r"dir /b /a {directory} 2>nul & cd .");
    let signs = guest.signs.clone();
    let told = wait::race("a list of names", command(guest, &order), &signs, deadline).await??;
    Ok(told.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// How much room the guest's system drive has, in bytes, as far as it tells.
pub(crate) async fn room(guest: &Guest, deadline: Deadline) -> Option<u64> {
    let signs = guest.signs.clone();
    let told = wait::race("the room of a drive", command(guest, r"dir /-c C:\"), &signs, deadline).await;
    free_bytes(&told.ok()?.ok()?)
}

/// The last number of the last line, whatever its words are in.
fn free_bytes(told: &str) -> Option<u64> {
    let last = told.lines().rev().find(|line| !line.trim().is_empty())?;
    last.split_whitespace().rev().find_map(|word| word.replace(',', "").parse().ok())
}

/// Takes the exchange drive offline: the guest has written everything then.
pub(crate) async fn take_offline(guest: &Guest, letter: char, deadline: Deadline) -> Result<(), DrivesError> {
    // Both end with everything on the disk; the second is for a volume that has no offline.
    let order = format!("mountvol {letter}: /P || fsutil volume dismount {letter}:");
    let signs = guest.signs.clone();
    wait::race("the exchange drive's end", command(guest, &order), &signs, deadline).await?.map(drop)
}

async fn command(guest: &Guest, line: &str) -> Result<String, DrivesError> {
    let (code, said) = guest.connection.answer(line).await?;
    if code == 0 {
        return Ok(said);
    }
    Err(DrivesError::Letters(format!("`{line}` ended with exit code {code}: {}", said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_from_what_the_guest_tells() {
        let found = Found::read("store D\r\nexchange F\r\nnoise\r\n");
        assert_eq!(found, Found { exchange: Some('F'), store: Some('D') });
        assert_eq!(Found::read(""), Found::default());
    }

    #[test]
    fn free_room_is_the_last_number() {
        let told = "  1 File(s)   5 bytes\r\n  3 Dir(s)  63987712 bytes free\r\n\r\n";
        assert_eq!(free_bytes(told), Some(63_987_712));
        assert_eq!(free_bytes("3 Verzeichnis(se),  7 Bytes frei"), Some(7));
        assert_eq!(free_bytes(""), None);
    }
}
