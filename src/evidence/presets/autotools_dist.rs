//! `autotools-dist@1`: what `make dist` of a project with autoconf and
//! automake leaves of the tag's tree.
//!
//! `make dist` adds `configure`, `Makefile.in`, `aclocal.m4` and more. None of
//! them is explained by its name: they are what the xz attack of 2024 changed.
//! They need evidence from the policy: a signed catalogue, a second build, the
//! tree of a submodule, or a digest.

use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::compare::Fact;
use crate::evidence::explain::Level;
use crate::evidence::{converted, dereferenced, exact};
use crate::release::tree::{Mode, TreeEntry};

/// The preset.
pub const AUTOTOOLS_DIST_1: Preset = Preset {
    name: "autotools-dist@1",
    summary: "the tag's tree as make dist copies it; generated files need evidence from the policy",
    rules: &AutotoolsDist,
};

struct AutotoolsDist;

impl Rules for AutotoolsDist {
    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        if case.in_git(&found.fact.path).is_none()
            && let answer @ (Answer::Explained(..) | Answer::Refused(_)) =
                version_file(&found.fact, case.identity.version.as_deref())
        {
            return Ok(answer);
        }
        dereferenced::explain(case, found)?.or_else(|| converted::checkout(case, found))
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        dereferenced::replaced(case, entry)
    }
}

/// The files by which gnulib's git-version-gen tells a tarball its version.
fn version_file(fact: &Fact, version: Option<&str>) -> Answer {
    let known = matches!(fact.path.as_bytes(), b".tarball-version" | b".version");
    let Some(version) = version.filter(|_| known) else { return Answer::Silent };
    let holds = |text: &str| exact::holds(fact.sha256, fact.size, text);
    if fact.mode == Mode::Regular && (holds(version) || holds(&format!("{version}\n"))) {
        return Answer::explained(Level::Template, "the release's version and nothing else");
    }
    Answer::mismatch(format!(
        "must be a regular file with the version {version} and nothing else; found {} of {} bytes",
        fact.mode.describe(),
        fact.size
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::testing::{Repository, candidate, levels, told};

    #[test]
    fn nothing_is_added_by_its_name() {
        let repository =
            Repository::new(&[("configure.ac", "AC_INIT\n"), (".gitignore", "configure\nm4/\n")]);
        let files = [
            ("configure.ac", "AC_INIT\n"),
            (".gitignore", "configure\nm4/\n"),
            ("configure", "#!/bin/sh\nevil\n"),
            ("Makefile.in", "all: evil\n"),
            ("m4/build-to-host.m4", "evil\n"),
            ("aclocal.m4", "evil\n"),
            (".version", "1.0\n"),
        ];
        let verdict = repository.compare("autotools-dist@1", "hello-1.0.tar.gz", &files);
        assert_eq!(told(&verdict).len(), 5, "{:?}", told(&verdict));
        assert!(told(&verdict).iter().all(|finding| finding.starts_with("unexplained-file ")));
    }

    #[test]
    fn a_changed_log_is_not_waved_through() {
        let repository = Repository::new(&[("ChangeLog", "see git log\n")]);
        let verdict = repository.compare("autotools-dist@1", "x-1.tar.gz", &[("ChangeLog", "2026 evil\n")]);
        assert_eq!(told(&verdict), ["modified-file ChangeLog"]);
    }

    #[test]
    fn version_files_hold_the_version_and_nothing_else() {
        for (path, content, version, good) in [
            (".tarball-version", "1.0\n", Some("1.0"), Some(true)),
            (".version", "1.0", Some("1.0"), Some(true)),
            (".version", "1.0.1\n", Some("1.0"), Some(false)),
            (".version", "1.0\n\nevil", Some("1.0"), Some(false)),
            (".version", "1.0\n", None, None),
            ("src/.version", "1.0\n", Some("1.0"), None),
        ] {
            let found = match version_file(&candidate(path, content).fact, version) {
                Answer::Silent => None,
                Answer::Explained(level, _) => Some(level == Level::Template),
                Answer::Refused(_) => Some(false),
            };
            assert_eq!(found, good, "{path} {content:?}");
        }
        let mut executable = candidate(".version", "1.0\n").fact;
        executable.mode = Mode::Executable;
        assert!(matches!(version_file(&executable, Some("1.0")), Answer::Refused(_)));
    }

    #[test]
    fn links_are_replaced_as_make_dist_does() {
        let mut repository = Repository::new(&[("doc/COPYING", "free\n")]);
        repository.add("COPYING", Mode::Symlink, b"doc/COPYING");
        let files = [("doc/COPYING", "free\n"), ("COPYING", "free\n")];
        let verdict = repository.compare("autotools-dist@1", "x-1.tar.gz", &files);
        assert_eq!((told(&verdict), levels(&verdict)), (vec![], vec!["dereferenced COPYING".to_string()]));
    }
}
