//! The forms of an export, as text. User ids were chosen by strangers: they
//! are escaped wherever they appear, and stand in comments or quotes only.

use crate::openpgp::{self, Certificate};
use crate::release::path::printable;
use crate::release::policy::template::Template;
use crate::release::policy::{Policy, Project};
use crate::release::record::KeyName;
use crate::release::signature::CertificateFacts;
use crate::release::vetting::Vetting;
use crate::release::{Finding, Fingerprint, Time};
use crate::trust::{self, Outlook};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A relative path and the bytes to write there.
pub(super) type Output = (String, Vec<u8>);

/// A certificate that is exported.
pub(super) struct Chosen<'k> {
    pub certificate: &'k Certificate,
    pub facts: Arc<CertificateFacts>,
    pub vetting: Option<&'k Vetting>,
    /// Whether it may sign artifacts.
    pub signs: bool,
    /// Whether it may sign tags.
    pub tags: bool,
}

impl Chosen<'_> {
    pub fn fingerprint(&self) -> &Fingerprint {
        self.certificate.fingerprint()
    }

    /// Whose it is, for people.
    fn name(&self) -> String {
        let person = self.vetting.and_then(|vetting| vetting.person.as_deref());
        let name = person.or(self.facts.user_ids.first().map(String::as_str)).unwrap_or("no name");
        printable(name.as_bytes())
    }
}

/// One block with all of the certificates.
fn block(chosen: &[Chosen<'_>]) -> Vec<u8> {
    openpgp::armored_together(chosen.iter().map(|chosen| chosen.certificate))
}

/// `allowed_signers` of ssh-keygen(1): the SSH keys that may sign tags, for
/// git alone, within the bounds of their groups. A key of several groups has
/// a line for each. Those whose signatures would be refused here are left out,
/// and told.
pub(super) fn allowed_signers(
    policy: &Policy,
    project: Option<(&str, &Project)>,
    at: Time,
) -> (Vec<Output>, Vec<Finding>) {
    let projects: Vec<&Project> = match project {
        Some((_, project)) => vec![project],
        None => policy.projects.values().collect(),
    };
    let names: BTreeSet<&String> = projects.iter().flat_map(|project| &project.taggers.any).collect();
    let (mut lines, mut left_out) = (BTreeSet::new(), BTreeMap::new());
    for (name, group) in names.into_iter().filter_map(|name| Some((name, policy.groups.get(name)?))) {
        let using = projects.iter().filter(|project| project.taggers.any.contains(name));
        let exception = using.filter_map(|project| project.signatures.weak_keys_until).max();
        for key in &group.ssh_keys {
            if let Some(problem) = trust::ssh_key_problem(key, exception, at) {
                let told =
                    format!("its signatures would be refused, and it is left out: {}", problem.message);
                let hint = "Nothing to do, if that is meant.";
                let note = Finding::note("export-left-out", &problem.subject, told, hint);
                left_out.insert(key.fingerprint, note);
                continue;
            }
            let holder = policy.holder(&KeyName::Ssh(key.fingerprint)).unwrap_or(name);
            let mut options = vec!["namespaces=\"git\"".to_string()];
            let stamp = |time: Time| time.to_string().replace(['-', ':', 'T'], "");
            options.extend(group.not_before.map(|time| format!("valid-after=\"{}\"", stamp(time))));
            options.extend(group.not_after.map(|time| format!("valid-before=\"{}\"", stamp(time))));
            lines.insert(format!("{} {} {}\n", principal(holder), options.join(","), key.line()));
        }
    }
    let text: String = lines.into_iter().collect();
    let output = (!text.is_empty()).then(|| ("allowed_signers".into(), text.into_bytes()));
    (output.into_iter().collect(), left_out.into_values().collect())
}

/// A name without what has a meaning in a list of principals.
fn principal(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "@._+-".contains(c) { c } else { '-' };
    name.chars().map(plain).collect()
}

fn title(project: Option<(&str, &Project)>) -> String {
    project.map_or("this keyring".into(), |(id, _)| id.to_string())
}

/// `KEYS`: a listing for people, and each certificate in a block of its own.
pub(super) fn keys(chosen: &[Chosen<'_>], project: Option<(&str, &Project)>, at: Time) -> Vec<Output> {
    let mut out = format!(
        "OpenPGP certificates of {}.\n\
         Compare their fingerprints with another source before you trust them. Then:\n\n\
         \x20   gpg --import KEYS\n",
        title(project)
    )
    .into_bytes();
    for chosen in chosen {
        out.extend_from_slice(b"\n");
        out.extend_from_slice(listing(chosen, at).as_bytes());
        out.extend_from_slice(b"\n");
        out.extend_from_slice(&chosen.certificate.to_armored());
    }
    vec![("KEYS".into(), out)]
}

fn listing(chosen: &Chosen<'_>, at: Time) -> String {
    let mut out = String::new();
    for key in Outlook::new(&chosen.facts, at).keys {
        let word = if key.is_primary { "pub" } else { "sub" };
        let day = |time: Time| time.to_string().chars().take(10).collect::<String>();
        let end = key.expires.map(|end| format!(", ends {}", day(end))).unwrap_or_default();
        let signs = if key.signs { ", signs" } else { "" };
        out.push_str(&format!(
            "{word}  {} {}{end}{signs}\n     {}\n",
            key.kind,
            day(key.created),
            key.fingerprint
        ));
        if key.is_primary {
            for user_id in &chosen.facts.user_ids {
                out.push_str(&format!("uid  {}\n", printable(user_id.as_bytes())));
            }
        }
    }
    if let Some(since) = chosen.facts.standing.since() {
        let state = chosen.facts.standing.as_str();
        out.push_str(&format!("     {state} since {since}: newer signatures do not count\n"));
    }
    out
}

/// File names of a project's artifacts, as a shell and a Perl pattern need them.
struct Names<'p> {
    place: String,
    template: Option<&'p Template>,
}

impl<'p> Names<'p> {
    fn new(project: Option<(&str, &'p Project)>, site: &str) -> Self {
        match project {
            Some((_, project)) => Self {
                place: format!("{site}/{}", project.destination),
                template: project.artifacts.first().map(|artifact| &artifact.name),
            },
            None => Self { place: format!("{site}/PROJECT"), template: None },
        }
    }

    /// The name of the first artifact, with `version` in it.
    fn name(&self, version: &str) -> String {
        self.template.map_or(format!("NAME-{version}.tar.gz"), |template| template.fill(version))
    }

    /// As a regular expression with one group.
    fn pattern(&self) -> String {
        // No template can hold this, so it marks the place of the version.
        let (mark, group) = ("\n", r"(\d[\w.+~-]*)");
        let mut out = String::new();
        for c in self.name(mark).chars() {
            match c {
                '\n' => out.push_str(group),
                c if c.is_ascii_alphanumeric() || "_-/".contains(c) => out.push(c),
                c => out.extend(['\\', c]),
            }
        }
        out
    }
}

/// Debian: `upstream/signing-key.asc` and `watch`, for the folder `debian`.
pub(super) fn debian(chosen: &[Chosen<'_>], project: Option<(&str, &Project)>, site: &str) -> Vec<Output> {
    let names = Names::new(project, site);
    let watch = format!(
        "version=4\nopts=\"pgpmode=mangle, pgpsigurlmangle=s/$/.asc/\" \\\n  {}/ {}\n",
        names.place,
        names.pattern()
    );
    vec![("upstream/signing-key.asc".into(), block(chosen)), ("watch".into(), watch.into_bytes())]
}

/// Arch Linux: lines for a `PKGBUILD`, and the certificates beside it.
pub(super) fn arch(chosen: &[Chosen<'_>], project: Option<(&str, &Project)>, site: &str) -> Vec<Output> {
    let names = Names::new(project, site);
    let mut text =
        format!("source=(\"{}/{}\"{{,.asc}})\nvalidpgpkeys=(\n", names.place, names.name("${pkgver}"));
    let mut out = Vec::new();
    for chosen in chosen {
        text.push_str(&format!("  '{}' # {}\n", chosen.fingerprint(), chosen.name()));
        out.push((format!("keys/pgp/{}.asc", chosen.fingerprint()), chosen.certificate.to_armored()));
    }
    text.push_str(")\n");
    out.push(("PKGBUILD.validpgpkeys".into(), text.into_bytes()));
    out
}

/// Gentoo: the key file of a `sec-keys` package, and lines for its ebuild
/// and for the one that verifies.
pub(super) fn gentoo(chosen: &[Chosen<'_>], project: Option<(&str, &Project)>, site: &str) -> Vec<Output> {
    let names = Names::new(project, site);
    let short = project.map_or("NAME".to_string(), |(_, project)| project.name.to_string());
    let fingerprints: Vec<String> = chosen
        .iter()
        .map(|chosen| format!("\t'{}:{short}:manual' # {}\n", chosen.fingerprint(), chosen.name()))
        .collect();
    let text = format!(
        "# sec-keys/openpgp-keys-{short}: the key file goes into files/\n\
         SEC_KEYS_VALIDPGPKEYS=(\n{})\n\
         inherit sec-keys\n\n\
         # the package itself\n\
         VERIFY_SIG_OPENPGP_KEY_PATH=/usr/share/openpgp-keys/{short}.asc\n\
         inherit verify-sig\n\
         SRC_URI=\"{place}/{name}\n\tverify-sig? ( {place}/{name}.asc )\"\n\
         BDEPEND=\"verify-sig? ( sec-keys/openpgp-keys-{short} )\"\n",
        fingerprints.concat(),
        place = names.place,
        name = names.name("${PV}"),
    );
    vec![(format!("{short}.asc"), block(chosen)), ("verify-sig.ebuild".into(), text.into_bytes())]
}

/// sequoia-git: who may sign tags and archives. It never says who may commit
/// or change the policy: that is nothing that this keyring knows.
pub(super) fn sequoia_git(chosen: &[Chosen<'_>]) -> Vec<Output> {
    let mut people: BTreeMap<String, Vec<&Chosen<'_>>> = BTreeMap::new();
    for chosen in chosen {
        let person = chosen.vetting.and_then(|vetting| vetting.person.as_deref());
        let name = person.unwrap_or(chosen.fingerprint().as_str());
        people.entry(printable(name.as_bytes())).or_default().push(chosen);
    }
    let mut text = String::from("version = 0\ncommit_goodlist = []\n");
    for (name, all) in &people {
        let block = openpgp::armored_together(all.iter().map(|chosen| chosen.certificate));
        // JSON's escapes are TOML's too, and `printable` leaves no control
        // character that only TOML would escape.
        let name = serde_json::Value::from(name.as_str());
        text.push_str(&format!("\n[authorization.{name}]\n"));
        for (right, given) in [
            ("sign_tag", all.iter().any(|chosen| chosen.tags)),
            ("sign_archive", all.iter().any(|chosen| chosen.signs)),
        ] {
            if given {
                text.push_str(&format!("{right} = true\n"));
            }
        }
        text.push_str(&format!("keyring = \"\"\"\n{}\"\"\"\n", String::from_utf8_lossy(&block)));
    }
    vec![("openpgp-policy.toml".into(), text.into_bytes())]
}

/// Certificates and their addresses that no directory can have.
type Skipped = Vec<(String, String)>;

/// Web Key Directory, advanced method (draft-koch-openpgp-webkey-service,
/// section 3.1): for the root of `https://openpgpkey.DOMAIN/`.
pub(super) fn web_key_directory(chosen: &[Chosen<'_>]) -> (Vec<Output>, Skipped) {
    let (mut files, mut skipped) = (BTreeMap::new(), Vec::new());
    for chosen in chosen {
        for address in chosen.certificate.addresses() {
            let Some((local, domain)) = parts(&address) else {
                skipped.push((chosen.fingerprint().to_string(), printable(address.as_bytes())));
                continue;
            };
            let place = format!(".well-known/openpgpkey/{domain}");
            files.entry(format!("{place}/policy")).or_insert_with(Vec::new);
            let name = format!("{place}/hu/{}", hashed(&local));
            files.entry(name).or_default().extend(chosen.certificate.for_address(&address));
        }
    }
    (files.into_iter().collect(), skipped)
}

/// Local part and domain in lower case, if the domain is one: it becomes the
/// name of a folder.
fn parts(address: &str) -> Option<(String, String)> {
    let (local, domain) = address.rsplit_once('@')?;
    let plain = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let fits = !local.is_empty() && domain.len() <= 253 && domain.split('.').all(plain);
    fits.then(|| (local.to_ascii_lowercase(), domain.to_ascii_lowercase()))
}

fn hashed(local: &str) -> String {
    use sha1_checked::Digest as _;
    // A collision would let two people of one domain share a name, which
    // they could have asked their postmaster for.
    z_base_32(&sha1_checked::Sha1::digest(local))
}

/// RFC 6189, section 5.1.6; for lengths that are whole groups of five bytes.
fn z_base_32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
    let mut out = String::new();
    for group in bytes.chunks(5) {
        let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for step in (0..8).rev() {
            let digit = usize::try_from(bits >> (5 * step) & 31).ok().and_then(|at| DIGITS.get(at));
            out.extend(digit.map(|digit| char::from(*digit)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_parts_have_the_name_of_the_draft() {
        // The draft's own example.
        assert_eq!(hashed("joe.doe"), "iy9q119eutrkn8s1mk4r39qejnbu3n5q");
        assert_eq!(parts("Joe.Doe@Example.ORG"), Some(("joe.doe".into(), "example.org".into())));
    }

    #[test]
    fn an_address_never_leaves_the_folder() {
        for bad in ["a@..", "a@../x", "a@", "@b", "a", "a@b/c", "a@b..c", "a@b\n", "a@.b"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pattern_takes_the_name_as_it_is() {
        let template = Template::parse("lib+x-{version}.tar.gz").unwrap();
        let names = Names { place: String::new(), template: Some(&template) };
        assert_eq!(names.pattern(), r"lib\+x-(\d[\w.+~-]*)\.tar\.gz");
    }
}
