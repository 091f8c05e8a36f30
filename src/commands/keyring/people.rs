//! Who of the policy's people and groups can sign now.

use super::super::signature;
use crate::openpgp::Keyring;
use crate::release::policy::{Group, Policy, Project};
use crate::release::record::KeyName;
use crate::release::ssh::{SshFingerprint, SshPublicKey};
use crate::release::{Finding, Fingerprint, Time};
use crate::trust::{self, Membership, Outlook};
use std::collections::{BTreeMap, BTreeSet};

/// Groups, people and thresholds that nobody, or too few, can sign for.
pub(super) fn findings(keyring: &Keyring, policy: &Policy, at: Time) -> Vec<Finding> {
    let able = Able::new(keyring, policy, at);
    let mut findings = Vec::new();
    for (name, group) in able.groups() {
        if !group.keys().any(|key| able.signs(able.exception(name), &key)) {
            let told = "nobody in this group has a key that can sign now";
            let hint = "Update or add certificates of its people, or remove the group.";
            findings.push(Finding::warning("group-without-usable-key", name, told, hint));
        }
    }
    findings.extend(able.people().into_iter().filter(|(_, signs)| !signs).map(|(name, _)| {
        let told = "none of this person's keys can sign now";
        let hint = "Ask them for a newer copy, or for a new key; or take them out of the policy.";
        Finding::warning("person-without-usable-key", name, told, hint)
    }));
    findings.extend(policy.projects.iter().filter_map(|(id, project)| able.threshold(id, project)));
    findings
}

/// The keys that can sign now.
struct Able<'a> {
    keyring: &'a Keyring,
    policy: &'a Policy,
    certificates: BTreeSet<&'a Fingerprint>,
    ssh_keys: BTreeMap<SshFingerprint, &'a SshPublicKey>,
    at: Time,
}

impl<'a> Able<'a> {
    fn new(keyring: &'a Keyring, policy: &'a Policy, at: Time) -> Self {
        let usable = |fingerprint: &&Fingerprint| {
            keyring.facts(fingerprint).is_some_and(|facts| Outlook::new(&facts, at).is_usable())
        };
        let all = keyring.certificates().iter().map(|certificate| certificate.fingerprint());
        let ssh_keys = policy.groups.values().flat_map(|group| &group.ssh_keys);
        Self {
            keyring,
            policy,
            certificates: all.filter(usable).collect(),
            ssh_keys: ssh_keys.map(|key| (key.fingerprint, key)).collect(),
            at,
        }
    }

    /// Groups that may sign still.
    fn groups(&self) -> impl Iterator<Item = (&'a String, &'a Group)> {
        self.policy.groups.iter().filter(|(_, group)| !self.ended(group.not_after))
    }

    fn ended(&self, not_after: Option<Time>) -> bool {
        not_after.is_some_and(|end| end < self.at)
    }

    /// Until when any project lets the group sign with weaker keys.
    fn exception(&self, group: &str) -> Option<Time> {
        let projects = self.policy.projects.values();
        let using = projects.filter(|project| project.taggers.any.iter().any(|name| name == group));
        using.filter_map(|project| project.signatures.weak_keys_until).max()
    }

    fn ssh(&self, key: &SshFingerprint, exception: Option<Time>) -> bool {
        let key = self.ssh_keys.get(key);
        key.is_some_and(|key| trust::ssh_key_problem(key, exception, self.at).is_none())
    }

    fn signs(&self, exception: Option<Time>, key: &KeyName) -> bool {
        match key {
            KeyName::OpenPgp(certificate) => self.certificates.contains(certificate),
            KeyName::Ssh(key) => self.ssh(key, exception),
        }
    }

    /// Each person that the policy names, and whether they can sign in any of
    /// their groups.
    fn people(&self) -> BTreeMap<&'a str, bool> {
        let mut people = BTreeMap::new();
        for (name, group) in self.groups() {
            let exception = self.exception(name);
            for person in &group.people {
                let signs = person.keys.iter().any(|key| self.signs(exception, key));
                *people.entry(person.name.as_str()).or_default() |= signs;
            }
        }
        people
    }

    /// That fewer people can sign the project's tags than must.
    fn threshold(&self, id: &str, project: &Project) -> Option<Finding> {
        let wanted = project.taggers.threshold;
        if wanted < 2 {
            return None;
        }
        let taggers = signature::taggers(self.policy, project, self.keyring);
        let certificates = signature::vetted_for(taggers.certificates, self.keyring, id);
        let who = |member: &Membership, key: String| {
            (!self.ended(member.not_after)).then(|| member.person.clone().unwrap_or(key))
        };
        let exception = project.signatures.weak_keys_until;
        let certificates = certificates.iter().filter(|(key, _)| self.certificates.contains(key));
        let ssh_keys = taggers.ssh_keys.iter().filter(|(key, _)| self.ssh(key, exception));
        let people: BTreeSet<String> = certificates
            .filter_map(|(key, member)| who(member, key.to_string()))
            .chain(ssh_keys.filter_map(|(key, member)| who(member, key.to_string())))
            .collect();
        (people.len() < wanted).then(|| {
            let told =
                format!("{wanted} people must sign a tag, and {} of those listed can now", people.len());
            let hint =
                "Add people to the groups, or update their keys; certificates of one person count once.";
            Finding::warning("threshold-out-of-reach", id, told, hint)
        })
    }
}
