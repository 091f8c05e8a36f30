//! The arguments of the keyring commands.

use super::value;
use crate::release::{Fingerprint, Time};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

use super::examples;

/// What can be done with a keyring.
#[derive(Debug, Subcommand)]
pub enum Keyring {
    /// Take a vetted certificate into the keyring
    #[command(after_long_help = examples::KEYRING_ADD)]
    Add(KeyringAdd),
    /// Take a certificate out of the keyring
    #[command(after_long_help = examples::KEYRING_REMOVE)]
    Remove(KeyringRemove),
    /// Take up a newer copy of a certificate, or change how it stands
    #[command(after_long_help = examples::KEYRING_UPDATE)]
    Update(KeyringUpdate),
    /// List the certificates and how each stands
    #[command(after_long_help = examples::KEYRING_LIST)]
    List(KeyringList),
    /// Show all that is known of one certificate
    #[command(after_long_help = examples::KEYRING_SHOW)]
    Show(KeyringShow),
    /// Report what expires, what is missing and what does not fit; or verify a request
    #[command(after_long_help = examples::KEYRING_CHECK)]
    Check(KeyringCheck),
    /// Write the certificates in the forms that those who verify read
    #[command(after_long_help = examples::KEYRING_EXPORT)]
    Export(KeyringExport),
    /// Write a signed request to be taken into a keyring
    #[command(after_long_help = examples::KEYRING_REQUEST)]
    Request(KeyringRequest),
}

impl Keyring {
    /// The command's name in the result document.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "keyring-add",
            Self::Remove(_) => "keyring-remove",
            Self::Update(_) => "keyring-update",
            Self::List(_) => "keyring-list",
            Self::Show(_) => "keyring-show",
            Self::Check(_) => "keyring-check",
            Self::Export(_) => "keyring-export",
            Self::Request(_) => "keyring-request",
        }
    }
}

/// The keyring that is worked on, and for which time.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Folder of vetted certificates, FINGERPRINT.asc each
    #[arg(long, value_name = "DIR")]
    pub keyring: PathBuf,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// Arguments of `keyring add`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["file", "request"]))]
pub struct KeyringAdd {
    /// The public certificate, armoured or binary
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Take the certificate and its projects from a signed request
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// The keyring.
    #[command(flatten)]
    pub place: Place,
    /// The fingerprint as it was vetted, not as the file has it
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub fingerprint: Fingerprint,
    /// Who vetted it, and how
    #[arg(long, value_name = "TEXT", value_parser = value::words)]
    pub vetted_by: String,
    /// When it was vetted
    #[arg(long, value_name = "DATE", value_parser = value::time)]
    pub vetted_at: Time,
    /// Whose it is
    #[arg(long, value_name = "NAME", value_parser = value::person)]
    pub person: Option<String>,
    /// A project for which it was vetted; may be given several times [default: all]
    #[arg(long = "project", value_name = "NAME", value_parser = value::project)]
    pub projects: Vec<String>,
    /// A note for people
    #[arg(long, value_name = "TEXT", value_parser = value::words)]
    pub note: Option<String>,
}

/// Arguments of `keyring remove`.
#[derive(Debug, Args)]
pub struct KeyringRemove {
    /// The certificate's fingerprint
    #[arg(value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub fingerprint: Fingerprint,
    /// The keyring.
    #[command(flatten)]
    pub place: Place,
    /// Policy file: refuse if it still names the certificate
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// It may sign
    Active,
    /// It signs no more; what it signed before still counts where a list of signatures was signed in time (verify --age-proof)
    Retired,
    /// Nothing that it ever signed counts
    Compromised,
}

/// Arguments of `keyring update`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).args(["file", "state"]))]
pub struct KeyringUpdate {
    /// A newer copy of the certificate, or, with --fingerprint, a revocation of it alone;
    /// what the keyring holds already is never lost
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The keyring.
    #[command(flatten)]
    pub place: Place,
    /// The certificate's fingerprint
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint, required_unless_present = "file")]
    pub fingerprint: Option<Fingerprint>,
    /// How the certificate stands from now on
    #[arg(long, value_enum, requires = "fingerprint", conflicts_with = "file")]
    pub state: Option<State>,
    /// Since when [default: now]
    #[arg(long, value_name = "DATE", value_parser = value::time, requires = "state")]
    pub since: Option<Time>,
    /// A note for people, in place of the former one
    #[arg(long, value_name = "TEXT", value_parser = value::words, requires = "state")]
    pub note: Option<String>,
}

/// Arguments of `keyring list`.
#[derive(Debug, Args)]
pub struct KeyringList {
    /// The keyring.
    #[command(flatten)]
    pub place: Place,
}

/// Arguments of `keyring show`.
#[derive(Debug, Args)]
pub struct KeyringShow {
    /// The certificate's fingerprint
    #[arg(value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    pub fingerprint: Fingerprint,
    /// The keyring.
    #[command(flatten)]
    pub place: Place,
}

/// Arguments of `keyring check`.
#[derive(Debug, Args)]
pub struct KeyringCheck {
    /// The keyring.
    #[command(flatten)]
    pub place: Place,
    /// Warn of what expires within this many days
    #[arg(long, value_name = "DAYS", value_parser = value::days, default_value = "30")]
    pub within: i64,
    /// Policy file to hold the keyring against
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Verify this request instead; its signature lies beside it as FILE.asc
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
}

/// A form of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// KEYS: a text with a listing and the certificates
    Keys,
    /// Debian: signing-key.asc and a watch file
    Debian,
    /// Arch Linux: validpgpkeys and keys/pgp
    Arch,
    /// Gentoo: a key file and lines for verify-sig
    Gentoo,
    /// git: allowed_signers for SSH signatures
    GitAllowedSigners,
    /// sequoia-git: openpgp-policy.toml
    SequoiaGit,
    /// Web Key Directory, advanced method
    Wkd,
}

/// Arguments of `keyring export`.
#[derive(Debug, Args)]
pub struct KeyringExport {
    /// The keyring.
    #[command(flatten)]
    pub place: Place,
    /// What to write
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Folder to write into; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub output_dir: PathBuf,
    /// Policy file: only certificates that it names
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Only certificates of this project of the policy
    #[arg(long, value_name = "NAME", requires = "policy", value_parser = value::project)]
    pub project: Option<String>,
    /// Where the site is published, for the snippets
    #[arg(long, value_name = "URL", default_value = "https://SITE", value_parser = value::url)]
    pub site_url: String,
}

/// Arguments of `keyring request`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("secret").args(["key", "key_fd"]))]
pub struct KeyringRequest {
    /// Your public certificate
    #[arg(long, value_name = "FILE")]
    pub certificate: PathBuf,
    /// A project that you want to release; may be given several times
    #[arg(long = "project", value_name = "NAME", required = true, value_parser = value::project)]
    pub projects: Vec<String>,
    /// Who you are, and why
    #[arg(long, value_name = "TEXT", value_parser = value::words)]
    pub statement: String,
    /// Write the request to FILE and its signature to FILE.asc; neither may exist
    #[arg(long, value_name = "FILE")]
    pub request: PathBuf,
    /// Where the secret signing subkey comes from: - is standard input
    /// [default: write the request unsigned, to be signed with gpg]
    #[arg(long, value_name = "-", value_parser = value::key_source)]
    pub key: Option<value::KeySource>,
    /// Read the secret signing subkey from this open file descriptor
    #[arg(long, value_name = "N", value_parser = value::descriptor)]
    pub key_fd: Option<u32>,
    /// Read the passphrase of a locked subkey from this open file descriptor
    #[arg(long, value_name = "N", value_parser = value::descriptor, requires = "secret")]
    pub passphrase_fd: Option<u32>,
    /// The date of the request, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}
