//! One SSH connection: who it is, and what its channels run.

use std::collections::HashMap;

use russh::server::{
    Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session as Connection, VerifiedPublicKey,
};
use russh::{Channel, ChannelId};

use super::{keys, sftp, shell};
use crate::accounts::{Account, Accounts};
use crate::panther;

/// What russh asks about a connection.
#[derive(Default)]
pub(super) struct Session {
    account: Option<Account>,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

fn enabled(user: &str) -> Option<Account> {
    Accounts::load().find(user).filter(|account| account.enabled).cloned()
}

impl Session {
    fn authenticated(&mut self, account: Account, how: &'static str) -> Auth {
        let line = format!("{} logs on by {how}", account.name);
        // Windows' sshd leaves its lines to a service that writes them; nobody waits for that.
        tokio::task::spawn_blocking(|| panther::info("SSHD", line));
        self.account = Some(account);
        Auth::Accept
    }
}

impl Handler for Session {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        // Windows' sshd refuses accounts without a password over the network.
        match enabled(user).filter(|account| account.has_any_password() && account.has_password(password)) {
            Some(account) => Ok(self.authenticated(account, "password")),
            None => Ok(Auth::reject()),
        }
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        let known = enabled(user).is_some_and(|account| keys::is_authorized(&account, offer.public_key));
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        match enabled(user).filter(|account| keys::is_authorized(account, key.public_key)) {
            Some(account) => Ok(self.authenticated(account, "key")),
            None => Ok(Auth::reject()),
        }
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _connection: &mut Connection,
    ) -> Result<(), Self::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        connection: &mut Connection,
    ) -> Result<(), Self::Error> {
        // Win32-OpenSSH puts quotes around the command, which cmd.exe takes off again: so a command may begin with a quoted program.
        let line = format!("{} /c \"{}\"", shell::SHELL, String::from_utf8_lossy(command));
        self.run(id, line, connection)
    }

    async fn shell_request(&mut self, id: ChannelId, connection: &mut Connection) -> Result<(), Self::Error> {
        self.run(id, shell::SHELL.to_owned(), connection)
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(russh::Pty, u32)],
        connection: &mut Connection,
    ) -> Result<(), Self::Error> {
        // Wine's console would send a control sequence for every character; streams stay clean instead.
        connection.channel_failure(id)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        connection: &mut Connection,
    ) -> Result<(), Self::Error> {
        match (name, self.account.clone(), self.channels.remove(&id)) {
            ("sftp", Some(account), Some(channel)) => {
                connection.channel_success(id)?;
                russh_sftp::server::run(channel.into_stream(), sftp::Files::of(&account)).await;
                Ok(())
            }
            _ => connection.channel_failure(id),
        }
    }
}

impl Session {
    fn run(&mut self, id: ChannelId, line: String, connection: &mut Connection) -> Result<(), russh::Error> {
        let (Some(account), Some(channel)) = (self.account.clone(), self.channels.remove(&id)) else {
            return connection.channel_failure(id);
        };
        connection.channel_success(id)?;
        tokio::spawn(shell::run(channel, line, account));
        Ok(())
    }
}
