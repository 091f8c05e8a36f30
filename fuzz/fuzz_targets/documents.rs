//! Everything that is read as YAML or as a list; the first byte says what.
#![no_main]

use countersign::release::policy::Policy;
use countersign::release::record::Record;
use countersign::release::{Fingerprint, ReleaseName, Time, checksums, manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    match choice % 7 {
        0 => drop(Policy::parse(bytes).map(|policy| walk(&policy))),
        1 => drop(Record::parse(bytes)),
        2 => drop(manifest::parse(bytes)),
        3 => {
            if let Ok(list) = checksums::parse(bytes) {
                assert_eq!(checksums::parse(checksums::write(&list).as_bytes()).ok(), Some(list));
            }
        }
        4 => {
            if let Ok(time) = Time::parse(text) {
                assert_eq!(Time::parse(&time.to_string()).ok(), Some(time), "{text}");
            }
        }
        5 => drop(Fingerprint::parse(text)),
        _ => {
            if let Ok(name) = ReleaseName::parse(text) {
                assert!(
                    !name.as_str().contains(['/', '\0', '\n', ' ']) && !name.as_str().starts_with(['.', '-'])
                );
            }
        }
    }
});

/// What a policy that was accepted is asked.
fn walk(policy: &Policy) {
    assert!(policy.unused_groups().count() <= policy.groups.len());
    for project in policy.projects.values() {
        for tag in ["v1.0", "1.0.0", "release-2", ""] {
            if let Ok(version) = project.version_of_tag(tag) {
                project.checksum_list(version);
                for artifact in &project.artifacts {
                    artifact.name.fill(version);
                    artifact.omit.iter().for_each(|pattern| _ = pattern.matches(b"a/b.c"));
                }
            }
        }
    }
}
