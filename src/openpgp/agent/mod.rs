//! Signing through gpg-agent: the secret stays where it is, on a smart card,
//! in an HSM or in the agent, and may be of a kind that does not sign in this
//! process.
//!
//! The protocol is Assuan ("Developing with Assuan", chapter "Server
//! responses"; gpg-agent's manual, "Agent's Assuan Protocol"): lines of at
//! most 1000 bytes. Only `HAVEKEY`, `SIGKEY`, `SETHASH` and `PKSIGN` are said,
//! which an agent that is forwarded as restricted answers too. The socket is
//! opened by whoever calls; what the agent says is believed only as far as
//! its signatures verify.

mod keygrip;
mod sexp;

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use sequoia_openpgp as sq;
use sq::crypto::mpi;
use sq::packet::Key;
use sq::packet::key::{PublicParts, UnspecifiedRole};
use sq::types::{HashAlgorithm, PublicKeyAlgorithm};

use super::convert;
use super::keyring::Certificate;
use super::signing_key::{Hand, SigningKey};
use crate::release::Fingerprint;
use crate::release::path::printable;
use crate::release::signature::SigningKeyFacts;
use sexp::Sexp;

/// Bytes of a line without its line feed (Assuan, "Server responses").
const MAX_LINE: usize = 1000;
/// Bytes of data in an answer; a signature of RSA-16384 has 2 KiB.
const MAX_DATA: usize = 16 << 10;
/// Lines of an answer.
const MAX_LINES: usize = 1000;

/// Two ways between this process and the agent.
pub trait Channel: Read + Write {}
impl<T: Read + Write> Channel for T {}

type Connect = dyn Fn() -> io::Result<Box<dyn Channel>> + Send + Sync;

/// Why the agent did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is no connection, or it broke.
    #[error("no answer: {0}")]
    Connection(#[from] io::Error),
    /// The agent said no: the number of its error and its words.
    #[error("it refused {command}: {text}")]
    Refused {
        /// What it was asked.
        command: &'static str,
        /// libgpg-error's number without its source.
        number: u32,
        /// Its words, escaped.
        text: String,
    },
    /// What came is no answer by the protocol.
    #[error("its answer cannot be read: {0}")]
    Protocol(&'static str),
}

impl AgentError {
    /// Whether trying again can help: where nothing answered.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Connection(_))
    }
}

/// "No secret key" of libgpg-error.
const NO_SECRET_KEY: u32 = 17;

/// An agent that can be reached.
#[derive(Clone)]
pub struct Agent {
    connect: Arc<Connect>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Agent")
    }
}

impl Agent {
    /// `connect` opens a new connection, with limits on the time of waiting.
    pub fn new(connect: impl Fn() -> io::Result<Box<dyn Channel>> + Send + Sync + 'static) -> Self {
        Self { connect: Arc::new(connect) }
    }

    /// The key of `certificate` with this fingerprint, if the agent holds its
    /// secret. Ed25519, RSA and the curves NIST P-256 and P-384 are known.
    ///
    /// # Errors
    /// [`AgentError`].
    pub fn key(
        &self,
        certificate: &Certificate,
        fingerprint: &Fingerprint,
    ) -> Result<Option<SigningKey>, AgentError> {
        let all = certificate.cert().keys();
        let mut found =
            all.filter(|key| convert::fingerprint(&key.key().fingerprint()).as_ref() == Some(fingerprint));
        let Some(key) = found.next().map(|key| key.key().clone()) else { return Ok(None) };
        let Some(grip) = keygrip::of(key.mpis()) else { return Ok(None) };
        let mut dialogue = Dialogue::begin(&self.connect)?;
        match dialogue.say("HAVEKEY", &format!("HAVEKEY {grip}")) {
            Ok(_) => {}
            Err(AgentError::Refused { number: NO_SECRET_KEY, .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        let facts = SigningKeyFacts {
            certificate: certificate.fingerprint().clone(),
            key: fingerprint.clone(),
            kind: convert::key_kind(&key),
        };
        let hand = AgentKey { agent: self.clone(), grip, public: key };
        Ok(Some(SigningKey::new(Hand::Agent(hand), facts)))
    }
}

/// A secret key that the agent holds.
#[derive(Clone)]
pub(super) struct AgentKey {
    agent: Agent,
    grip: String,
    public: Key<PublicParts, UnspecifiedRole>,
}

impl AgentKey {
    fn ask(&self, hash: HashAlgorithm, digest: &[u8]) -> Result<mpi::Signature, AgentError> {
        let mut dialogue = Dialogue::begin(&self.agent.connect)?;
        let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        dialogue.say("SIGKEY", &format!("SIGKEY {}", self.grip))?;
        // libgcrypt numbers SHA-2 as OpenPGP does.
        dialogue.say("SETHASH", &format!("SETHASH {} {hex}", u8::from(hash)))?;
        let answer = dialogue.say("PKSIGN", "PKSIGN")?;
        read_signature(&answer, self.public.pk_algo())
    }
}

impl sq::crypto::Signer for AgentKey {
    fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.public
    }

    fn sign(&mut self, hash: HashAlgorithm, digest: &[u8]) -> sq::Result<mpi::Signature> {
        Ok(self.ask(hash, digest)?)
    }
}

/// `(7:sig-val(3:rsa(1:s…)))`, `(7:sig-val(5:eddsa(1:r…)(1:s…)))`, or with
/// `ecdsa`.
fn read_signature(answer: &[u8], algorithm: PublicKeyAlgorithm) -> Result<mpi::Signature, AgentError> {
    let wrong = AgentError::Protocol("it is no signature of this kind of key");
    let parsed = Sexp::parse(answer).ok_or(AgentError::Protocol("it is no S-expression"))?;
    let number = |name: &str, part: &str| {
        let value = parsed.list("sig-val")?.list(name)?.list(part)?.value()?;
        Some(mpi::MPI::new(value))
    };
    let signature = match algorithm {
        PublicKeyAlgorithm::EdDSA => {
            number("eddsa", "r").zip(number("eddsa", "s")).map(|(r, s)| mpi::Signature::EdDSA { r, s })
        }
        PublicKeyAlgorithm::ECDSA => {
            number("ecdsa", "r").zip(number("ecdsa", "s")).map(|(r, s)| mpi::Signature::ECDSA { r, s })
        }
        _ => number("rsa", "s").map(|s| mpi::Signature::RSA { s }),
    };
    signature.ok_or(wrong)
}

/// One connection.
struct Dialogue {
    channel: Box<dyn Channel>,
    pending: Vec<u8>,
}

impl Dialogue {
    fn begin(connect: &Arc<Connect>) -> Result<Self, AgentError> {
        let mut dialogue = Self { channel: connect()?, pending: Vec::new() };
        dialogue.answer("the greeting")?;
        Ok(dialogue)
    }

    /// Says one line and gives the data of the answer.
    fn say(&mut self, command: &'static str, line: &str) -> Result<Vec<u8>, AgentError> {
        self.send(line)?;
        self.answer(command)
    }

    fn send(&mut self, line: &str) -> Result<(), AgentError> {
        self.channel.write_all(format!("{line}\n").as_bytes())?;
        Ok(self.channel.flush()?)
    }

    fn answer(&mut self, command: &'static str) -> Result<Vec<u8>, AgentError> {
        let mut data = Vec::new();
        for _ in 0..MAX_LINES {
            let line = self.line()?;
            let (word, rest) = split(&line);
            match word {
                b"OK" => return Ok(data),
                b"ERR" => return Err(refused(command, rest)),
                b"D" => unescape(rest, &mut data)?,
                // Progress and remarks.
                b"S" => {}
                _ if word.starts_with(b"#") => {}
                // It tells that a PIN entry was started; all else that it may
                // ask for is not given.
                b"INQUIRE" if rest.starts_with(b"PINENTRY_LAUNCHED") => self.send("END")?,
                b"INQUIRE" => self.send("CAN")?,
                _ => return Err(AgentError::Protocol("an unknown kind of line")),
            }
            if data.len() > MAX_DATA {
                return Err(AgentError::Protocol("more data than any signature has"));
            }
        }
        Err(AgentError::Protocol("it does not end"))
    }

    fn line(&mut self) -> Result<Vec<u8>, AgentError> {
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let rest = self.pending.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.pending, rest);
                line.truncate(end);
                return Ok(line);
            }
            if self.pending.len() > MAX_LINE {
                return Err(AgentError::Protocol("a line is too long"));
            }
            let mut buffer = [0; MAX_LINE];
            let read = match self.channel.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if read == 0 {
                return Err(AgentError::Connection(io::ErrorKind::UnexpectedEof.into()));
            }
            self.pending.extend_from_slice(buffer.get(..read).unwrap_or_default());
        }
    }
}

fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = line.splitn(2, |byte| *byte == b' ');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// `67108881 No secret key <GPG Agent>`
fn refused(command: &'static str, rest: &[u8]) -> AgentError {
    let (number, text) = split(rest);
    let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<u32>().ok());
    AgentError::Refused { command, number: number.unwrap_or_default() & 0xffff, text: printable(text) }
}

/// Percent-escapes, as Assuan has them in data lines.
fn unescape(text: &[u8], out: &mut Vec<u8>) -> Result<(), AgentError> {
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => out.push(u8::try_from(high * 16 + low).unwrap_or_default()),
            _ => return Err(AgentError::Protocol("a broken escape")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An agent that says what it was told to say, and hears nothing.
    struct Parrot(io::Cursor<Vec<u8>>);

    impl Read for Parrot {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Parrot {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn says(text: &[u8]) -> Result<Vec<u8>, AgentError> {
        let channel = Box::new(Parrot(io::Cursor::new(text.to_vec())));
        Dialogue { channel, pending: Vec::new() }.answer("TEST")
    }

    #[test]
    fn data_is_joined_and_unescaped() {
        assert_eq!(says(b"S PROGRESS x\n# remark\nD a%25%0A\nD b\nOK\n").unwrap(), b"a%\nb");
        assert_eq!(says(b"INQUIRE PINENTRY_LAUNCHED 1\nOK closing\n").unwrap(), b"");
    }

    #[test]
    fn refusals_keep_the_number_and_escape_the_words() {
        let Err(AgentError::Refused { number, text, .. }) = says(b"ERR 67108881 No \x1b[31msecret key\n")
        else {
            panic!("not refused")
        };
        assert_eq!((number, text.as_str()), (NO_SECRET_KEY, "No \\x1b[31msecret key"));
    }

    #[test]
    fn a_hostile_agent_is_cut_short() {
        let endless = b"S x\n".repeat(2000);
        let long = vec![b'x'; 5000];
        let much = [b"D ".to_vec(), vec![b'x'; 900], b"\n".to_vec()].concat().repeat(30);
        for text in [&endless[..], &long, &much, b"HELLO\n", b"D %4\nOK\n", b"D %zz\nOK\n"] {
            assert!(matches!(says(text), Err(AgentError::Protocol(_))), "{:?}", says(text));
        }
        assert!(matches!(says(b"D half"), Err(AgentError::Connection(_))));
    }

    #[test]
    fn only_the_signature_of_the_asked_kind_is_taken() {
        let rsa = b"(7:sig-val(3:rsa(1:s2:\x01\x02)))";
        assert!(read_signature(rsa, PublicKeyAlgorithm::RSAEncryptSign).is_ok());
        assert!(read_signature(rsa, PublicKeyAlgorithm::EdDSA).is_err());
        assert!(read_signature(b"(7:sig-val(5:eddsa(1:r1:x)))", PublicKeyAlgorithm::EdDSA).is_err());
        assert!(read_signature(b"", PublicKeyAlgorithm::EdDSA).is_err());
    }
}
