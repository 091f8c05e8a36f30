//! Groups: whose signatures count, and which of their keys are one person's.

use super::check::Place;
use super::raw;
use crate::release::document::BadDocument;
use crate::release::record::KeyName;
use crate::release::ssh::SshPublicKey;
use crate::release::{Fingerprint, Time};
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
        if name.trim() != name || name.is_empty() || name.len() > 200 || name.contains(char::is_control) {
            return Err(place.at("name").fault("is empty, too long, or not plain text"));
        }
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
