//! The builder's claim: what artifacts there are. Compared, never believed.

use super::document::{self, BadDocument};
use super::{ArtifactDigests, Finding, ReleaseName, Sha256Digest, Sha512Digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// First line of a manifest: it is the document of `countersign checksum`.
pub const FORMAT: &str = "countersign/checksum@v1";

/// One artifact as `checksum` states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// File name.
    pub name: ReleaseName,
    /// Size in bytes.
    pub size: u64,
    /// Digest of the file.
    pub sha256: Sha256Digest,
    /// Digest of the file.
    pub sha512: Sha512Digest,
}

#[derive(Deserialize)]
struct Document {
    outcome: String,
    result: Claim,
}

#[derive(Deserialize)]
struct Claim {
    artifacts: Vec<Entry>,
}

/// Reads the entries of a manifest by name.
///
/// # Errors
/// [`BadDocument`] for another format, for the manifest of a run that was not
/// `ok`, and for a name that stands there twice.
pub fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Entry>, BadDocument> {
    let document: Document = document::read(bytes, FORMAT)?;
    let fault = |place: &str, message: String| BadDocument::Meaning { place: place.into(), message };
    if document.outcome != "ok" {
        return Err(fault(
            "outcome",
            format!("is {:?}: this is no manifest of good artifacts", document.outcome),
        ));
    }
    let mut entries = BTreeMap::new();
    for entry in document.result.artifacts {
        let name = entry.name.to_string();
        if entries.insert(name.clone(), entry).is_some() {
            return Err(fault("result.artifacts", format!("{name:?} stands there twice")));
        }
    }
    Ok(entries)
}

/// Holds the claim against what was read: every difference is a finding.
pub fn compare(claim: &BTreeMap<String, Entry>, facts: &BTreeMap<String, ArtifactDigests>) -> Vec<Finding> {
    const HINT: &str =
        "the files changed on their way from the build, or the build misstates them: fetch or build again";
    let mut findings = Vec::new();
    for (name, fact) in facts {
        let told = match claim.get(name) {
            None => "the manifest does not list this artifact".to_string(),
            Some(entry) if entry.size != fact.size => {
                format!("the manifest says {} bytes, the file has {}", entry.size, fact.size)
            }
            Some(entry) if entry.sha256 != fact.sha256 => {
                format!("the manifest says SHA-256 {}, the file has {}", entry.sha256, fact.sha256)
            }
            Some(entry) if entry.sha512 != fact.sha512 => {
                format!("the manifest says SHA-512 {}, the file has {}", entry.sha512, fact.sha512)
            }
            Some(_) => continue,
        };
        findings.push(Finding::error("manifest-mismatch", name, told, HINT));
    }
    for name in claim.keys().filter(|name| !facts.contains_key(*name)) {
        findings.push(Finding::error(
            "manifest-mismatch",
            name,
            "the manifest lists a file that is not among the artifacts",
            HINT,
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(fill: &str) -> Entry {
        Entry {
            name: ReleaseName::parse("a.tar").unwrap(),
            size: 3,
            sha256: Sha256Digest::parse(&fill.repeat(64)).unwrap(),
            sha512: Sha512Digest::parse(&fill.repeat(128)).unwrap(),
        }
    }

    fn facts(entry: &Entry) -> BTreeMap<String, ArtifactDigests> {
        let digests = ArtifactDigests { size: entry.size, sha256: entry.sha256, sha512: entry.sha512 };
        BTreeMap::from([("a.tar".to_string(), digests)])
    }

    #[test]
    fn every_difference_is_told() {
        let good = entry("0");
        let claim = |entry: Entry| BTreeMap::from([("a.tar".to_string(), entry)]);
        assert_eq!(compare(&claim(good.clone()), &facts(&good)), []);
        for lie in [
            Entry { size: 4, ..good.clone() },
            Entry { sha256: entry("1").sha256, ..good.clone() },
            Entry { sha512: entry("1").sha512, ..good.clone() },
        ] {
            assert_eq!(compare(&claim(lie), &facts(&good)).len(), 1);
        }
        assert_eq!(compare(&BTreeMap::new(), &facts(&good)).len(), 1, "unlisted");
        assert_eq!(compare(&claim(good), &BTreeMap::new()).len(), 1, "listed and missing");
    }

    #[test]
    fn manifests_of_failed_runs_and_double_names_are_refused() {
        let item =
            format!("  - {{name: a, size: 1, sha256: {}, sha512: {}}}\n", "0".repeat(64), "0".repeat(128));
        let text = |outcome: &str, items: &str| {
            format!("format: countersign/checksum@v1\noutcome: {outcome}\nresult:\n artifacts:\n{items}")
        };
        assert_eq!(parse(text("ok", &item).as_bytes()).unwrap().len(), 1);
        assert!(parse(text("rejected", &item).as_bytes()).is_err());
        assert!(parse(text("ok", &item.repeat(2)).as_bytes()).unwrap_err().to_string().contains("twice"));
        assert!(parse(text("ok", "  - {name: ../a}\n").as_bytes()).is_err());
    }
}
