//! Who vetted the certificates of a keyring, and how each stands now: the
//! document `keyring.yaml` in the keyring's folder.
//!
//! It narrows what is accepted and never widens it. A keyring without it is
//! as good as one whose certificates are all active.

use super::document::{self, BadDocument, UniqueMap};
use super::{Fingerprint, Time, name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// First line of the document.
pub const FORMAT: &str = "countersign/keyring@v1";

/// Its name in the keyring's folder.
pub const FILE: &str = "keyring.yaml";

/// How the keepers of a keyring look at a certificate, beside what its owner
/// says by self-signatures and revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VettingState {
    /// It may sign.
    #[default]
    Active,
    /// It signs no more; what it signed before counts where its age is proven.
    Retired {
        /// Signatures from this second on do not count.
        since: Time,
    },
    /// Nothing it ever signed counts.
    Compromised {
        /// When that became known; for people.
        since: Time,
    },
}

impl VettingState {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired { .. } => "retired",
            Self::Compromised { .. } => "compromised",
        }
    }

    /// The date that belongs to it.
    pub fn since(self) -> Option<Time> {
        match self {
            Self::Active => None,
            Self::Retired { since } | Self::Compromised { since } => Some(since),
        }
    }
}

/// What is known of one certificate beside the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Vetting {
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Who compared the fingerprint, and how. Unknown for certificates that
    /// lay in the keyring before it had this document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vetted_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vetted_at: Option<Time>,
    /// The projects for which it was vetted, sorted; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<String>,
    /// How it stands.
    #[serde(flatten)]
    pub standing: VettingState,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Serialize for VettingState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("state", self.as_str())?;
        if let Some(since) = self.since() {
            map.serialize_entry("since", &since)?;
        }
        map.end()
    }
}

impl Vetting {
    /// Whether it was vetted for this project too.
    pub fn covers(&self, project: &str) -> bool {
        self.projects.is_empty() || self.projects.iter().any(|known| known == project)
    }
}

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Register(pub BTreeMap<Fingerprint, Vetting>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegister {
    #[serde(rename = "format")]
    _format: String,
    certificates: UniqueMap<RawVetting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVetting {
    person: Option<String>,
    vetted_by: Option<String>,
    vetted_at: Option<Time>,
    #[serde(default)]
    projects: Vec<String>,
    state: String,
    since: Option<Time>,
    note: Option<String>,
}

impl Register {
    /// Reads and checks the document.
    ///
    /// # Errors
    /// [`BadDocument`] with the place and the fault: unknown or duplicate
    /// keys, a state without its date, a name that is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadDocument> {
        let raw: RawRegister = document::read(bytes, FORMAT)?;
        let mut all = BTreeMap::new();
        for (text, entry) in raw.certificates.0 {
            let place = format!("certificates.{text}");
            let bad = |message: String| BadDocument::Meaning { place: place.clone(), message };
            let fingerprint = Fingerprint::parse(&text).map_err(|error| bad(error.to_string()))?;
            if fingerprint.as_str() != text {
                return Err(bad("write the fingerprint in upper case without blanks".into()));
            }
            all.insert(fingerprint, vetting(entry).map_err(bad)?);
        }
        Ok(Self(all))
    }

    /// The document as data, in the order in which it is written.
    pub fn document(&self) -> serde_json::Value {
        let entries = self.0.iter().map(|(fingerprint, vetting)| (fingerprint.to_string(), vetting));
        let entries: serde_json::Map<_, _> =
            entries.map(|(key, vetting)| (key, serde_json::json!(vetting))).collect();
        serde_json::json!({"format": FORMAT, "certificates": entries})
    }
}

/// Whether a text can name a person, in `keyring.yaml` and in a policy. Names
/// are compared, so that somebody with two keys counts once: a blank at the
/// end would make two people of one.
///
/// # Errors
/// That it cannot.
pub fn check_person(name: &str) -> Result<(), &'static str> {
    let plain = name.trim() == name && !name.is_empty() && name.len() <= 200;
    if plain && !name.contains(char::is_control) {
        return Ok(());
    }
    Err("is empty, too long, or not plain text")
}

fn vetting(raw: RawVetting) -> Result<Vetting, String> {
    let RawVetting { person, vetted_by, vetted_at, mut projects, state, since, note } = raw;
    let standing = match (state.as_str(), since) {
        ("active", None) => VettingState::Active,
        ("active", Some(_)) => return Err("an active certificate has no date in since".into()),
        ("retired", Some(since)) => VettingState::Retired { since },
        ("compromised", Some(since)) => VettingState::Compromised { since },
        ("retired" | "compromised", None) => return Err(format!("the state {state} needs a date in since")),
        _ => return Err(format!("the state {state:?} is neither active, retired nor compromised")),
    };
    if let Some(name) = &person {
        check_person(name).map_err(|why| format!("the person {name:?} {why}"))?;
    }
    if vetted_by.as_ref().is_some_and(|by| by.trim().is_empty()) {
        return Err("vetted_by is empty".into());
    }
    if vetted_by.is_some() != vetted_at.is_some() {
        return Err("vetted_by and vetted_at belong together".into());
    }
    for project in &projects {
        name::check_place("the project", project).map_err(|error| error.to_string())?;
    }
    projects.sort();
    projects.dedup();
    Ok(Vetting { person, vetted_by, vetted_at, projects, standing, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FPR: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

    fn read(entry: &str) -> Result<Register, String> {
        let text = format!("format: {FORMAT}\ncertificates:\n  \"{FPR}\": {entry}\n");
        Register::parse(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_register_is_read_back_as_it_was_written() {
        let register = read(
            "{person: P, vetted_by: A, vetted_at: 2026-01-02, projects: [b/c, a], state: retired, \
             since: 2026-02-01T10:00:00Z, note: left}",
        )
        .unwrap();
        let vetting = register.0.values().next().unwrap();
        assert_eq!(vetting.projects, ["a", "b/c"]);
        assert_eq!(vetting.standing.since().unwrap().to_string(), "2026-02-01T10:00:00Z");
        assert!(vetting.covers("a") && !vetting.covers("c"));
        let text = serde_json::to_string(&register.document()).unwrap();
        assert_eq!(Register::parse(text.as_bytes()).unwrap(), register);
    }

    #[test]
    fn a_register_that_could_be_misread_is_refused() {
        let good = "vetted_by: A, vetted_at: 2026-01-02, state: active";
        assert!(read(&format!("{{{good}}}")).is_ok());
        for (entry, why) in [
            (format!("{{{good}, stat: retired}}"), "unknown field `stat`"),
            (format!("{{{good}, since: 2026-01-02}}"), "no date"),
            ("{vetted_by: A, vetted_at: 2026-01-02}".into(), "missing field `state`"),
            ("{vetted_by: A, vetted_at: 2026-01-02, state: retired}".into(), "needs a date"),
            ("{vetted_by: A, vetted_at: 2026-01-02, state: Active}".into(), "neither active"),
            ("{vetted_by: ' ', vetted_at: 2026-01-02, state: active}".into(), "vetted_by is empty"),
            ("{vetted_by: A, state: active}".into(), "belong together"),
            (format!("{{{good}, person: 'Ada '}}"), "not plain text"),
            (format!("{{{good}, person: ''}}"), "is empty"),
            (format!("{{{good}, person: \"A\\nB\"}}"), "not plain text"),
            (format!("{{{good}, projects: [../x]}}"), "bad part"),
            (format!("{{{good}}}\n  \"{FPR}\": {{{good}}}"), "duplicate key"),
            (format!("{{{good}}}\n  \"{}\": {{{good}}}", FPR.to_lowercase()), "upper case"),
            (format!("{{{good}}}\n  ABCD: {{{good}}}"), "not 40 or 64"),
        ] {
            let error = read(&entry).unwrap_err();
            assert!(error.contains(why), "{entry}: {error}");
        }
    }
}
