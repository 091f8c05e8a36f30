//! The arguments of `key` and its commands.

use super::{examples, value};
use crate::release::{Fingerprint, Time};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What can be done to a release key.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a release key: an offline primary key and a signing subkey
    #[command(after_long_help = examples::KEY_GENERATE)]
    Generate(KeyGenerate),
    /// Vouch for a certificate with another key
    #[command(after_long_help = examples::KEY_CERTIFY)]
    Certify(KeyCertify),
    /// Let the certificate or its subkey end later
    #[command(after_long_help = examples::KEY_EXTEND)]
    Extend(KeyExtend),
    /// Make a new signing subkey and retire the old one
    #[command(after_long_help = examples::KEY_ROTATE)]
    Rotate(KeyRotate),
    /// Revoke a subkey or the whole certificate
    #[command(after_long_help = examples::KEY_REVOKE)]
    Revoke(KeyRevoke),
    /// Hand out the signing subkey, and never the primary key
    #[command(after_long_help = examples::KEY_EXPORT_SUBKEY)]
    ExportSubkey(KeyExportSubkey),
    /// Write what readers get: certificate, listing, record of dates
    #[command(after_long_help = examples::KEY_PUBLISH)]
    Publish(KeyPublish),
    /// Report what ends soon, and whether readers can verify what CI signs
    #[command(after_long_help = examples::KEY_CHECK)]
    Check(KeyCheck),
}

impl Key {
    /// The command's name in the result document.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Generate(_) => "key-generate",
            Self::Certify(_) => "key-certify",
            Self::Extend(_) => "key-extend",
            Self::Rotate(_) => "key-rotate",
            Self::Revoke(_) => "key-revoke",
            Self::ExportSubkey(_) => "key-export-subkey",
            Self::Publish(_) => "key-publish",
            Self::Check(_) => "key-check",
        }
    }
}

/// When it is, and where results go.
#[derive(Debug, Clone, Args)]
pub struct KeyOutput {
    /// Existing folder for the results; nothing in it is overwritten
    #[arg(long, value_name = "DIR")]
    pub output_dir: PathBuf,
    /// State this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// The offline key.
#[derive(Debug, Clone, Args)]
pub struct Offline {
    /// Secret key, locked with a passphrase: FINGERPRINT.secret.asc, or from gpg
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Read the passphrase from this open file descriptor [default: ask on the terminal]
    #[arg(long, value_name = "N", value_parser = value::descriptor)]
    pub passphrase_fd: Option<u32>,
}

/// The offline key and what the world knows of it.
#[derive(Debug, Clone, Args)]
pub struct OfflineAndPublic {
    /// The key.
    #[command(flatten)]
    pub offline: Offline,
    /// The certificate as published: what it has and the key file lacks is kept
    #[arg(long, value_name = "FILE")]
    pub public: Option<PathBuf>,
}

/// Arguments of `key generate`.
#[derive(Debug, Args)]
pub struct KeyGenerate {
    /// Whose key it is, or for what
    #[arg(long, value_name = "TEXT", value_parser = value::user_id)]
    pub user_id: String,
    /// When the certificate ends, like 2027-11-20
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub expires: Time,
    /// When the signing subkey ends [default: with the certificate]
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub subkey_expires: Option<Time>,
    /// Read the new passphrase from this open file descriptor [default: ask twice on the terminal]
    #[arg(long, value_name = "N", value_parser = value::descriptor)]
    pub passphrase_fd: Option<u32>,
    /// Where and when.
    #[command(flatten)]
    pub output: KeyOutput,
}

/// Arguments of `key certify`.
#[derive(Debug, Args)]
pub struct KeyCertify {
    /// Public certificate to vouch for
    #[arg(value_name = "FILE")]
    pub certificate: PathBuf,
    /// The fingerprint that you were told by its owner
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub fingerprint: Fingerprint,
    /// Vouch for this user id only [default: all of its own]
    #[arg(long, value_name = "TEXT")]
    pub user_id: Option<String>,
    /// The key that vouches: an administrator's, or the previous release key
    #[command(flatten)]
    pub offline: Offline,
    /// Where and when.
    #[command(flatten)]
    pub output: KeyOutput,
}

/// Arguments of `key extend`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("ends").required(true).multiple(true).args(["expires", "subkey_expires"]))]
pub struct KeyExtend {
    /// The key.
    #[command(flatten)]
    pub key: OfflineAndPublic,
    /// When the certificate ends
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub expires: Option<Time>,
    /// When the signing subkey ends
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub subkey_expires: Option<Time>,
    /// The subkey, where several are alive
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint, requires = "subkey_expires")]
    pub subkey: Option<Fingerprint>,
    /// Let it end earlier than it says now
    #[arg(long)]
    pub shorten: bool,
    /// Where and when.
    #[command(flatten)]
    pub output: KeyOutput,
}

/// What becomes of the old subkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Old {
    /// It goes on until it ends: for the days until CI has the new one
    Expires,
    /// It is revoked as superseded: what it signed before still counts where a list of signatures was signed in time (verify --age-proof)
    Superseded,
}

/// Arguments of `key rotate`.
#[derive(Debug, Args)]
pub struct KeyRotate {
    /// The key.
    #[command(flatten)]
    pub key: OfflineAndPublic,
    /// When the new subkey ends
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub subkey_expires: Time,
    /// What becomes of the old subkey
    #[arg(long, value_enum)]
    pub old: Old,
    /// Date of the revocation: signatures since then do not count [default: now]
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub old_from: Option<Time>,
    /// Where and when.
    #[command(flatten)]
    pub output: KeyOutput,
}

/// Why a key is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RevocationReason {
    /// Somebody else may have it: nothing that it ever signed counts
    Compromised,
    /// Another key took its place: what it signed before still counts where a list of signatures was signed in time (verify --age-proof)
    Superseded,
    /// It is no longer used: what it signed before still counts where a list of signatures was signed in time (verify --age-proof)
    Retired,
}

/// Arguments of `key revoke`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["subkey", "certificate"]))]
pub struct KeyRevoke {
    /// The key.
    #[command(flatten)]
    pub key: OfflineAndPublic,
    /// Revoke this subkey
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub subkey: Option<Fingerprint>,
    /// Revoke the whole certificate; its fingerprint, so that it is meant
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub certificate: Option<Fingerprint>,
    /// Why
    #[arg(long, value_enum)]
    pub reason: RevocationReason,
    /// Since when, for superseded and retired [default: now]
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub from: Option<Time>,
    /// A sentence for readers; public
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub message: String,
    /// Where and when.
    #[command(flatten)]
    pub output: KeyOutput,
}

/// Arguments of `key export-subkey`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").required(true).args(["output_key", "output_fd"]))]
pub struct KeyExportSubkey {
    /// The offline key.
    #[command(flatten)]
    pub offline: Offline,
    /// The subkey, where several are alive
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub subkey: Option<Fingerprint>,
    /// Write the subkey to FILE, which must not exist yet; only the owner can read it
    #[arg(long, value_name = "FILE")]
    pub output_key: Option<PathBuf>,
    /// Write the subkey to this open file descriptor
    #[arg(long, value_name = "N", value_parser = value::descriptor)]
    pub output_fd: Option<u32>,
    /// Read the subkey's own new passphrase from this open file descriptor [default: ask twice]
    #[arg(long, value_name = "N", value_parser = value::descriptor, conflicts_with = "unencrypted")]
    pub export_passphrase_fd: Option<u32>,
    /// Without a passphrase, for a store that locks it by itself
    #[arg(long)]
    pub unencrypted: bool,
    /// State this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// Arguments of `key publish`.
#[derive(Debug, Args)]
pub struct KeyPublish {
    /// The certificate as it is now
    #[arg(value_name = "FILE")]
    pub certificate: PathBuf,
    /// The fingerprint that is meant: refuse a file that holds another one
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub fingerprint: Option<Fingerprint>,
    /// The certificate as published before, if that is not in the output folder
    #[arg(long, value_name = "FILE")]
    pub published: Option<PathBuf>,
    /// Folder of vetted certificates: what it knows of this one is merged
    #[arg(long, value_name = "DIR")]
    pub keyring: Option<PathBuf>,
    /// Revocation certificate that was kept apart; may be given several times
    #[arg(long = "revocation", value_name = "FILE")]
    pub revocations: Vec<PathBuf>,
    /// This certificate was never published before
    #[arg(long, conflicts_with = "published")]
    pub first: bool,
    /// Policy file: refuse a certificate that is not the project's signer
    #[arg(long, value_name = "FILE", requires = "project")]
    pub policy: Option<PathBuf>,
    /// The project's name in the policy
    #[arg(long, value_name = "NAME", requires = "policy", value_parser = value::project)]
    pub project: Option<String>,
    /// Existing folder that readers get: FINGERPRINT.asc, .txt and .dates.yaml
    #[arg(long, value_name = "DIR")]
    pub output_dir: PathBuf,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// Arguments of `key check`.
#[derive(Debug, Args)]
pub struct KeyCheck {
    /// The certificate as readers get it
    #[arg(long, value_name = "FILE")]
    pub public: PathBuf,
    /// Policy file: its signer must be this certificate
    #[arg(long, value_name = "FILE", requires = "project")]
    pub policy: Option<PathBuf>,
    /// The project's name in the policy
    #[arg(long, value_name = "NAME", requires = "policy", value_parser = value::project)]
    pub project: Option<String>,
    /// Folder of vetted certificates: readers must have all that it knows
    #[arg(long, value_name = "DIR")]
    pub keyring: Option<PathBuf>,
    /// Record of dates that was published with the certificate
    #[arg(long, value_name = "FILE")]
    pub dates: Option<PathBuf>,
    /// The signing subkey that CI has: sign a word with it; - is standard input
    #[arg(long, value_name = "-", value_parser = value::key_source)]
    pub key: Option<value::KeySource>,
    /// Read the signing subkey from this open file descriptor
    #[arg(long, value_name = "N", value_parser = value::descriptor, conflicts_with = "key")]
    pub key_fd: Option<u32>,
    /// Read the passphrase of a locked subkey from this open file descriptor
    #[arg(long, value_name = "N", value_parser = value::descriptor, conflicts_with = "agent")]
    pub passphrase_fd: Option<u32>,
    /// Sign the word through gpg-agent, as sign --agent does
    #[arg(long, requires = "agent_socket", conflicts_with_all = ["key", "key_fd"])]
    pub agent: bool,
    /// Socket of the agent, as gpgconf --list-dirs agent-socket names it
    #[arg(long, value_name = "PATH", requires = "agent")]
    pub agent_socket: Option<PathBuf>,
    /// A file that CI signed lately, its .asc beside it; may be given several times
    #[arg(long, value_name = "FILE")]
    pub signed: Vec<PathBuf>,
    /// Warn of what ends within this many days
    #[arg(long, value_name = "DAYS", value_parser = value::day_count, default_value = "30")]
    pub days: u16,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}
