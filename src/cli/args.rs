//! The arguments of each command.

use super::value;
use crate::release::{ObjectId, Sha256Digest, Time};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `checksum`.
#[derive(Debug, Args)]
pub struct Checksum {
    /// Folder that holds the artifacts and nothing else
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// The rules that a judgement follows.
#[derive(Debug, Clone, Args)]
pub struct Rules {
    /// Policy file
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Folder of vetted certificates, FINGERPRINT.asc each
    #[arg(long, value_name = "DIR")]
    pub keyring: PathBuf,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// The tag that is released.
#[derive(Debug, Clone, Args)]
pub struct Source {
    /// git repository, a work tree or bare; only its objects and refs are read
    #[arg(long, value_name = "DIR")]
    pub repository: PathBuf,
    /// Name of the tag, without refs/tags/
    #[arg(long, value_name = "NAME", value_parser = value::tag_name)]
    pub tag: String,
    /// The id that the tag object must have, as the caller was told it
    #[arg(long, value_name = "HEX", value_parser = value::object_id)]
    pub tag_object: Option<ObjectId>,
    /// The project's name in the policy
    #[arg(long, value_name = "NAME", value_parser = value::project)]
    pub project: String,
    /// What else is known of the tag.
    #[command(flatten)]
    pub beside: Beside,
}

/// What is known of a tag beside the repository.
#[derive(Debug, Clone, Default, Args)]
pub struct Beside {
    /// Note by which another person vouches for the tag object, signed in FILE.asc or FILE.sig; may be given several times
    #[arg(long = "tag-note", value_name = "FILE", requires = "repository")]
    pub tag_notes: Vec<PathBuf>,
    /// Record of tags and their objects: a moved tag is refused, a new one is added if the answer is yes
    #[arg(long, value_name = "FILE", requires = "repository")]
    pub seen: Option<PathBuf>,
}

/// Arguments of `verify-tag`.
#[derive(Debug, Args)]
pub struct VerifyTag {
    /// The tag.
    #[command(flatten)]
    pub source: Source,
    /// The rules.
    #[command(flatten)]
    pub rules: Rules,
    /// Judge everything, but write nothing: the tag is not added to --seen
    #[arg(long)]
    pub check: bool,
}

/// Evidence that the policy names and the operator brings along.
#[derive(Debug, Clone, Default, Args)]
pub struct Supplied {
    /// Repository of the submodule at PATH, which the policy names; may be given several times
    #[arg(long, value_name = "PATH=DIR", value_parser = value::named_path, requires = "policy")]
    pub submodule: Vec<(String, PathBuf)>,
    /// Second build that the policy calls NAME: an archive, or a list of files; may be given several times
    #[arg(long, value_name = "NAME=FILE", value_parser = value::named_path, requires = "policy")]
    pub rebuilt: Vec<(String, PathBuf)>,
    /// Catalogue of known files that the policy names, signed by FILE.asc; may be given several times
    #[arg(long, value_name = "FILE", requires_all = ["policy", "keyring"])]
    pub catalogue: Vec<PathBuf>,
}

impl Supplied {
    /// Whether nothing was brought along.
    pub fn is_empty(&self) -> bool {
        self.submodule.is_empty() && self.rebuilt.is_empty() && self.catalogue.is_empty()
    }
}

/// Which explanations the document lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Explain {
    /// Every path with its explanation
    All,
    /// Only what is not explained
    Findings,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// git repository, a work tree or bare; only its objects and refs are read
    #[arg(long, value_name = "DIR")]
    pub repository: PathBuf,
    /// Name of the tag, without refs/tags/; its signature is not looked at
    #[arg(long, value_name = "NAME", value_parser = value::tag_name)]
    pub tag: String,
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub artifact: PathBuf,
    /// Policy file that says how this artifact is explained
    #[arg(long, value_name = "FILE", requires = "project", conflicts_with_all = ["preset", "root", "subdirectory"])]
    pub policy: Option<PathBuf>,
    /// The project's name in the policy
    #[arg(long, value_name = "NAME", requires = "policy", value_parser = value::project)]
    pub project: Option<String>,
    /// What the policy names as evidence.
    #[command(flatten)]
    pub supplied: Supplied,
    /// Folder of vetted certificates, to judge catalogues by
    #[arg(long, value_name = "DIR", requires = "catalogue")]
    pub keyring: Option<PathBuf>,
    /// Built-in rules to explain it by, when no policy is given
    #[arg(long, value_name = "NAME@VERSION", required_unless_present_any = ["policy", "project"])]
    pub preset: Option<String>,
    /// The archive's one top-level folder [default: the file name without its suffix]
    #[arg(long, value_name = "NAME")]
    pub root: Option<String>,
    /// Folder of the repository that the artifact is made of [default: all of it]
    #[arg(long, value_name = "PATH")]
    pub subdirectory: Option<String>,
    /// Also write the result as one page for a browser
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What to list in the document
    #[arg(long, value_enum, default_value = "findings")]
    pub explain: Explain,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// The tag.
    #[command(flatten)]
    pub source: Source,
    /// The rules.
    #[command(flatten)]
    pub rules: Rules,
    /// Folder of the release's artifacts: all of them, and nothing else
    #[arg(long, value_name = "DIR")]
    pub artifacts: PathBuf,
    /// What the policy names as evidence.
    #[command(flatten)]
    pub supplied: Supplied,
    /// What the builder says of the artifacts, from `checksum`; compared, never believed
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Write the validation record to FILE, if the answer is yes
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Also write the result as one page for a browser
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What to list in the document
    #[arg(long, value_enum, default_value = "findings")]
    pub explain: Explain,
    /// Judge everything, but write neither record nor --seen
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `sign`: with `--record` the second form, else the first.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("form").required(true).args(["repository", "record"]),
    group = clap::ArgGroup::new("secret").required(true).args(["key", "key_fd", "agent"])
)]
pub struct Sign {
    /// git repository: validate and sign in one process
    #[arg(long, value_name = "DIR", requires = "tag", requires = "project")]
    pub repository: Option<PathBuf>,
    /// Name of the tag, without refs/tags/
    #[arg(long, value_name = "NAME", value_parser = value::tag_name, requires = "repository")]
    pub tag: Option<String>,
    /// The id that the tag object must have, as the caller was told it
    #[arg(long, value_name = "HEX", value_parser = value::object_id, requires = "repository")]
    pub tag_object: Option<ObjectId>,
    /// The project's name in the policy
    #[arg(long, value_name = "NAME", value_parser = value::project)]
    pub project: Option<String>,
    /// What the builder says of the artifacts; compared, never believed
    #[arg(long, value_name = "FILE", requires = "repository")]
    pub manifest: Option<PathBuf>,
    /// What else is known of the tag.
    #[command(flatten)]
    pub beside: Beside,
    /// Validation record made elsewhere: sign under it
    #[arg(long, value_name = "FILE", requires = "record_sha256")]
    pub record: Option<PathBuf>,
    /// SHA-256 of the record, carried here by a way that you trust
    #[arg(long, value_name = "HEX", value_parser = value::sha256, requires = "record")]
    pub record_sha256: Option<Sha256Digest>,
    /// The rules.
    #[command(flatten)]
    pub rules: Rules,
    /// What the policy names as evidence.
    #[command(flatten)]
    pub supplied: Supplied,
    /// Folder of the release's artifacts
    #[arg(long, value_name = "DIR")]
    pub artifacts: PathBuf,
    /// Existing folder for the signatures; nothing in it is overwritten [default: beside the artifacts]
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Where the secret signing subkey comes from: - is standard input
    #[arg(long, value_name = "-", value_parser = value::key_source)]
    pub key: Option<value::KeySource>,
    /// Read the secret signing subkey from this open file descriptor
    #[arg(long, value_name = "N", value_parser = value::descriptor, conflicts_with = "key")]
    pub key_fd: Option<u32>,
    /// Read the passphrase of a locked subkey from this open file descriptor
    #[arg(long, value_name = "N", value_parser = value::descriptor, conflicts_with = "agent")]
    pub passphrase_fd: Option<u32>,
    /// Sign through gpg-agent: for smart cards, HSMs, and RSA keys
    #[arg(long, requires = "agent_socket", conflicts_with_all = ["key", "key_fd"])]
    pub agent: bool,
    /// Socket of the agent, as gpgconf --list-dirs agent-socket names it
    #[arg(long, value_name = "PATH", requires = "agent")]
    pub agent_socket: Option<PathBuf>,
    /// Judge everything, the key included, but write nothing
    #[arg(long)]
    pub check: bool,
}

/// For which question signatures are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Was it good when it was made?
    Archive,
    /// May it go out now? The key must be good today and the signature fresh
    Release,
}

/// What is believed of a signature's age where its key has ended since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Age {
    /// Only what a list given with --age-proof shows
    Proven,
    /// The date that the signature states, with a warning: whoever has the old key chooses it
    Claimed,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Files with their signatures beside them, or folders with checksum lists
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// Folder of vetted certificates, FINGERPRINT.asc each
    #[arg(long, value_name = "DIR")]
    pub keyring: PathBuf,
    /// Policy file: only the project's own release certificate counts
    #[arg(long, value_name = "FILE", requires = "project")]
    pub policy: Option<PathBuf>,
    /// The project's name in the policy
    #[arg(long, value_name = "NAME", requires = "policy", value_parser = value::project)]
    pub project: Option<String>,
    /// The question that is asked of the signatures
    #[arg(long, value_enum, default_value = "archive")]
    pub mode: Mode,
    /// What is believed of a signature's age where its key has ended since [default: proven]
    #[arg(long, value_enum)]
    pub age: Option<Age>,
    /// List of signatures (sha256sum *.asc) that was signed while their keys were alive, FILE.asc beside it
    #[arg(long, value_name = "FILE")]
    pub age_proof: Vec<PathBuf>,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// Arguments of `publish`.
#[derive(Debug, Args)]
pub struct Publish {
    /// The release's validation record, as `sign` wrote it
    #[arg(long, value_name = "FILE")]
    pub record: PathBuf,
    /// Folder of the signed release
    #[arg(long, value_name = "DIR")]
    pub artifacts: PathBuf,
    /// The rules.
    #[command(flatten)]
    pub rules: Rules,
    /// Root of the site; the policy says where below it the release goes
    #[arg(long, value_name = "DIR")]
    pub site: PathBuf,
    /// The project that the release must be of
    #[arg(long, value_name = "NAME", value_parser = value::project)]
    pub project: Option<String>,
    /// Verify, report what would be placed, and place nothing
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `policy check`.
#[derive(Debug, Args)]
pub struct PolicyCheck {
    /// Policy file
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Folder of vetted certificates: report certificates that are not in it
    #[arg(long, value_name = "DIR")]
    pub keyring: Option<PathBuf>,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}

/// Arguments of `policy explain`.
#[derive(Debug, Args)]
pub struct PolicyExplain {
    /// The project's name in the policy
    #[arg(value_name = "PROJECT", value_parser = value::project)]
    pub project: String,
    /// Policy file
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Show file names for this version instead of {version}
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Show file names for the version of this tag, without refs/tags/
    #[arg(long, value_name = "NAME", value_parser = value::tag_name, conflicts_with = "version")]
    pub tag: Option<String>,
}

/// Arguments of `policy draft`.
#[derive(Debug, Args)]
pub struct PolicyDraft {
    /// git repository, a work tree or bare; only its objects and refs are read
    #[arg(long, value_name = "DIR")]
    pub repository: PathBuf,
    /// Name of the release's tag, without refs/tags/; its signature is not looked at
    #[arg(long, value_name = "NAME", value_parser = value::tag_name)]
    pub tag: String,
    /// An artifact of that release; may be given several times
    #[arg(long = "artifact", value_name = "FILE", required = true)]
    pub artifacts: Vec<PathBuf>,
    /// The project's name in the policy, like openstack/nova
    #[arg(long, value_name = "NAME", value_parser = value::project)]
    pub project: String,
    /// Folder of the repository that the artifacts are made of [default: the one that fits best]
    #[arg(long, value_name = "PATH")]
    pub subdirectory: Option<String>,
    /// Write the draft to FILE, which must not exist yet
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Judge as of this time, like 2026-11-20T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub at: Option<Time>,
}
