//! Groups: whose signatures count, and which of their keys are one person's.

use super::check::Place;
use super::raw;
use crate::release::document::BadDocument;
use crate::release::record::KeyName;
use crate::release::ssh::SshPublicKey;
use crate::release::{Fingerprint, Time, vetting};
use std::collections::BTreeMap;

/// Keys that may act together under one name.
#[derive(Debug, Clone)]
pub struct Group {
    /// Fingerprints of the certificates (primary keys), those of persons
    /// included.
    pub certificates: Vec<Fingerprint>,
    /// SSH keys, those of persons included.
    pub ssh_keys: Vec<SshPublicKey>,
    /// Who holds which of them, as far as the policy says.
    pub people: Vec<Person>,
    /// Signatures made before it do not count.
    pub not_before: Option<Time>,
    /// Signatures made after it do not count.
    pub not_after: Option<Time>,
    /// Who vetted and when; for people.
    pub note: Option<String>,
}

/// Somebody with one key or several, who counts once whichever of them signs.
#[derive(Debug, Clone)]
pub struct Person {
    /// By what the policy names them; the same name in another group is the
    /// same person.
    pub name: String,
    /// Their keys.
    pub keys: Vec<KeyName>,
}

impl Group {
    /// All keys of the group.
    pub fn keys(&self) -> impl Iterator<Item = KeyName> + '_ {
        let ssh = self.ssh_keys.iter().map(|key| KeyName::Ssh(key.fingerprint));
        self.certificates.iter().cloned().map(KeyName::OpenPgp).chain(ssh)
    }
}

/// Collects the keys of a group, each of which may stand there once.
#[derive(Default)]
struct Keys {
    certificates: Vec<Fingerprint>,
    ssh_keys: Vec<SshPublicKey>,
}

impl Keys {
    /// Adds keys that belong together; their names.
    fn add(
        &mut self,
        place: &Place,
        certificates: Vec<Fingerprint>,
        ssh_keys: &[String],
    ) -> Result<Vec<KeyName>, BadDocument> {
        let mut names = Vec::new();
        for certificate in certificates {
            if self.certificates.contains(&certificate) {
                return Err(place.at("certificates").fault(format!("{certificate} stands there twice")));
            }
            names.push(KeyName::OpenPgp(certificate.clone()));
            self.certificates.push(certificate);
        }
        for (index, line) in ssh_keys.iter().enumerate() {
            let place = place.at("ssh-keys").at(index);
            let key = SshPublicKey::parse_line(line).map_err(|why| place.fault(why))?;
            if self.ssh_keys.contains(&key) {
                return Err(place.fault(format!("{} stands there twice", key.fingerprint)));
            }
            names.push(KeyName::Ssh(key.fingerprint));
            self.ssh_keys.push(key);
        }
        Ok(names)
    }
}

pub(super) fn check(place: &Place, raw: raw::Group) -> Result<Group, BadDocument> {
    let raw::Group { certificates, ssh_keys, people: persons, not_before, not_after, note } = raw;
    let mut keys = Keys::default();
    let unnamed = keys.add(place, certificates, &ssh_keys)?;
    let mut people: Vec<Person> = Vec::new();
    for (index, raw::Person { name, certificates, ssh_keys }) in persons.into_iter().enumerate() {
        let place = place.at("people").at(index);
        vetting::check_person(&name).map_err(|why| place.at("name").fault(why))?;
        if people.iter().any(|other| other.name == name) {
            return Err(place.at("name").fault(format!("{name:?} stands there twice")));
        }
        let keys = keys.add(&place, certificates, &ssh_keys)?;
        place.not_empty(&keys)?;
        people.push(Person { name, keys });
    }
    if unnamed.is_empty() {
        place.at("certificates").not_empty(&people)?;
    }
    if not_before.zip(not_after).is_some_and(|(from, to)| from > to) {
        return Err(place.fault("not-before is later than not-after"));
    }
    let Keys { certificates, ssh_keys } = keys;
    Ok(Group { certificates, ssh_keys, people, not_before, not_after, note })
}

/// Who holds which key, over all groups. A key of two people would let one of
/// them count twice.
pub(super) fn holders(groups: &BTreeMap<String, Group>) -> Result<BTreeMap<KeyName, String>, BadDocument> {
    let mut holders: BTreeMap<KeyName, String> = BTreeMap::new();
    for (group, person) in groups.iter().flat_map(|(name, group)| group.people.iter().map(move |p| (name, p)))
    {
        for key in &person.keys {
            let holder = holders.entry(key.clone()).or_insert_with(|| person.name.clone());
            if *holder != person.name {
                let place = Place::top().at("groups").at(group).at("people");
                return Err(place.fault(format!("{key} is the key of {:?} and of {holder:?}", person.name)));
            }
        }
    }
    Ok(holders)
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::*;

    const ONE: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
    const TWO: &str = "1123456789ABCDEF0123456789ABCDEF01234567";

    fn ssh(digit: char) -> String {
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}{digit} somebody", "A".repeat(42))
    }

    /// A policy with these groups, and taggers `any` of `team`.
    fn policy(groups: &str, taggers: &str) -> Result<Policy, String> {
        let text = format!(
            "format: countersign/policy@v1
groups:
{groups}
projects:
  example/hello:
    repository: https://git.example.org/example/hello
    tag: \"v{{version}}\"
    branches: [main]
    taggers: {{any: [team]{taggers}}}
    signer: {ONE}
    artifacts: [{{name: \"hello-{{version}}.tar.gz\", preset: git-archive@1}}]
"
        );
        Policy::parse(text.as_bytes()).map_err(|error| error.to_string())
    }

    fn fault(groups: &str, taggers: &str) -> String {
        policy(groups, taggers).unwrap_err()
    }

    #[test]
    fn a_person_has_all_their_keys_in_every_group() {
        let (a, e) = (ssh('A'), ssh('E'));
        let groups = format!(
            "  team: {{certificates: [{ONE}], ssh-keys: ['{a}']}}\n  all: {{people: [{{name: Ada, certificates: [{ONE}], ssh-keys: ['{e}']}}]}}"
        );
        let policy = policy(&groups, "").unwrap();
        let key = |text: &str| KeyName::parse(text).unwrap();
        assert_eq!(policy.holder(&key(ONE)), Some("Ada"));
        assert_eq!(policy.holder(&key(TWO)), None);
        let (team, all) = (&policy.groups["team"], &policy.groups["all"]);
        assert_eq!(team.keys().filter(|key| policy.holder(key).is_some()).count(), 1);
        assert_eq!(all.keys().filter(|key| policy.holder(key) == Some("Ada")).count(), 2);
        assert_eq!((all.certificates.len(), all.ssh_keys.len()), (1, 1), "those of persons are the group's");
    }

    #[test]
    fn a_key_of_two_people_would_count_twice() {
        let person = |name: &str, key: &str| format!("{{name: {name}, certificates: [{key}]}}");
        let one = format!("  team: {{people: [{}, {}]}}", person("Ada", ONE), person("Bob", ONE));
        assert!(fault(&one, "").contains("twice"));
        let two = format!(
            "  team: {{people: [{}]}}\n  other: {{people: [{}]}}",
            person("Ada", ONE),
            person("Bob", ONE)
        );
        assert!(fault(&two, "").contains("is the key of"));
        let both = format!("  team: {{certificates: [{ONE}], people: [{}]}}", person("Ada", ONE));
        assert!(fault(&both, "").contains("twice"));
        let named = format!("  team: {{people: [{}, {}]}}", person("Ada", ONE), person("Ada", TWO));
        assert!(fault(&named, "").contains("\"Ada\" stands there twice"));
        let (line, other) = (ssh('A'), ssh('A').replace("somebody", "with another comment"));
        assert!(fault(&format!("  team: {{ssh-keys: ['{line}', '{other}']}}"), "").contains("twice"));
    }

    #[test]
    fn a_threshold_can_be_met_by_people() {
        let two = format!("  team: {{certificates: [{ONE}, {TWO}]}}");
        policy(&two, ", threshold: 2").unwrap();
        assert!(fault(&two, ", threshold: 3").contains("the groups have 2 people"));
        assert!(fault(&two, ", threshold: 0").contains("threshold"));
        let one = format!("  team: {{people: [{{name: Ada, certificates: [{ONE}, {TWO}]}}]}}");
        assert!(fault(&one, ", threshold: 2").contains("the groups have 1 people"));
        let by_other_group = format!("{two}\n{}", one.replace("team", "all"));
        assert!(fault(&by_other_group, ", threshold: 2").contains("the groups have 1 people"));
    }

    #[test]
    fn keys_and_people_are_whole() {
        assert!(fault("  team: {ssh-keys: []}", "").contains("is empty"));
        assert!(fault("  team: {people: []}", "").contains("is empty"));
        assert!(fault("  team: {people: [{name: Ada}]}", "").contains("people.0: is empty"));
        for name in ["''", "' Ada'", "\"A\\nda\""] {
            let groups = format!("  team: {{people: [{{name: {name}, certificates: [{ONE}]}}]}}");
            assert!(fault(&groups, "").contains("people.0.name"), "{name}");
        }
        let told = fault("  team: {ssh-keys: ['ssh-dss AAAAB3NzaC1kc3M=']}", "");
        assert!(told.contains("groups.team.ssh-keys.0") && told.contains("ssh-ed25519"), "{told}");
        let options = format!("  team: {{ssh-keys: ['cert-authority {}']}}", ssh('A'));
        assert!(fault(&options, "").contains("cert-authority"));
        let cert = format!(
            "  team: {{ssh-keys: ['{}']}}",
            ssh('A').replace("25519 ", "25519-cert-v01@openssh.com ")
        );
        assert!(fault(&cert, "").contains("certificate type"));
    }

    #[test]
    fn bounds_on_signatures_are_read() {
        let groups = format!("  team: {{certificates: [{ONE}]}}");
        let with = |rules: &str| policy(&groups, &format!("}}\n    signatures: {{{rules}"));
        let project = |rules| with(rules).unwrap().projects["example/hello"].signatures;
        assert_eq!(project("max-age: 2w").max_age.unwrap().seconds(), 14 * 86_400);
        assert_eq!(project("weak-keys-until: 2027-01-01").weak_keys_until, Time::parse("2027-01-01").ok());
        assert!(with("max-life: forever").unwrap_err().contains("length of time"));
        assert!(with("max-lifetime: 3y").unwrap_err().contains("unknown field"));
    }
}
