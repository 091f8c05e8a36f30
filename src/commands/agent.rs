//! The way to gpg-agent: a socket that the operator names.

use super::Failure;
use crate::openpgp::{Agent, AgentError, Channel};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A person may have to find a smart card and type its PIN.
const PATIENCE: Duration = Duration::from_secs(300);

/// The agent behind a socket. Nothing is opened yet.
pub(super) fn at(socket: &Path) -> Agent {
    let socket = socket.to_path_buf();
    Agent::new(move || {
        let stream = UnixStream::connect(&socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let channel: Box<dyn Channel> = Box::new(stream);
        Ok(channel)
    })
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let (code, hint) = match &error {
            AgentError::Connection(_) => (
                "agent-unavailable",
                "give the socket that gpgconf --list-dirs agent-socket names, with the agent running",
            ),
            AgentError::Refused { .. } => ("agent-refused", "look at the agent, its card and its PIN"),
            AgentError::Protocol(_) => ("agent-protocol", "find out what listens at that socket"),
        };
        Self::unavailable(code, "gpg-agent", error.to_string(), hint, error.retryable())
    }
}
