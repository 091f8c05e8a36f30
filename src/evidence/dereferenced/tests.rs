use crate::evidence::Verdict;
use crate::evidence::testing::{Repository, levels, told};
use crate::release::AttributeState;
use crate::release::tree::Mode;

const PRESET: &str = "autotools-dist@1";

/// Links and targets, files and contents.
fn repository(links: &[(&str, &str)], files: &[(&str, &str)]) -> Repository {
    let mut repository = Repository::new(files);
    for (path, target) in links {
        repository.add(path, Mode::Symlink, target.as_bytes());
    }
    repository
}

fn compare(repository: &Repository, files: &[(&str, &str)]) -> Verdict {
    repository.compare(PRESET, "x-1.tar.gz", files)
}

/// What is told of an artifact that holds one file where git has links.
fn message(links: &[(&str, &str)], files: &[(&str, &str)], found: (&str, &str)) -> String {
    let verdict = compare(&repository(links, files), &[&[found], files].concat());
    let finding = verdict.findings.iter().find(|finding| finding.subject == found.0);
    finding.map(|finding| format!("{}: {}", finding.code, finding.message)).unwrap_or_default()
}

#[test]
fn a_file_stands_for_the_link_that_leads_to_it() {
    let files = [("docs/LICENSE", "free\n"), ("a", "a\n")];
    let links = [
        ("LICENSE", "docs/LICENSE"),
        ("docs/again", "../docs/./LICENSE"),
        ("chain", "docs/again"),
        ("docs/round", "../docs/../a"),
    ];
    let copies =
        [("LICENSE", "free\n"), ("docs/again", "free\n"), ("chain", "free\n"), ("docs/round", "a\n")];
    let verdict = compare(&repository(&links, &files), &[&files[..], &copies].concat());
    assert_eq!(told(&verdict), Vec::<String>::new());
    assert_eq!(
        levels(&verdict),
        ["dereferenced LICENSE", "dereferenced chain", "dereferenced docs/again", "dereferenced docs/round"]
    );
}

#[test]
fn other_bytes_in_the_place_of_a_link_are_refused() {
    let told = message(&[("link", "file")], &[("file", "good\n")], ("link", "evil\n"));
    assert!(told.starts_with("evidence-mismatch") && told.contains("leads to file"), "{told}");
}

#[test]
fn links_that_lead_nowhere_good_are_refused() {
    for (links, why) in [
        (&[("l", "l")][..], "circle"),
        (&[("l", "m"), ("m", "l")], "circle"),
        (&[("l", "m/x"), ("m", "l/..")], "circle"),
        (&[("l", "/etc/passwd")], "absolute"),
        (&[("l", "../x")], "out of the repository"),
        (&[("l", "d/../../x")], "out of the repository"),
        (&[("l", "nothing")], "does not have"),
        (&[("l", "")], "does not have"),
        (&[("l", "file/x")], "no folder"),
        (&[("l", "file/")], "no folder"),
        (&[("l", "nothing/../file")], "does not have"),
    ] {
        let told = message(links, &[("file", "x\n"), ("d/x", "x\n")], ("l", "x\n"));
        assert!(told.starts_with("evidence-mismatch") && told.contains(why), "{links:?}: {told}");
    }
}

#[test]
fn a_link_into_a_submodule_is_refused() {
    for target in ["sub", "sub/file"] {
        let mut repository = repository(&[("l", target)], &[]);
        repository.add("sub", Mode::Submodule, b"");
        let verdict = compare(&repository, &[("l", "x\n")]);
        assert!(told(&verdict).contains(&"evidence-mismatch l".into()));
        assert!(verdict.findings.iter().any(|finding| finding.message.contains("submodule sub")));
    }
}

#[test]
fn long_chains_and_long_ways_end() {
    let names: Vec<String> = (0..40).map(|number| format!("l{number}")).collect();
    let links: Vec<(&str, &str)> = names.windows(2).map(|pair| (&*pair[0], &*pair[1])).collect();
    let told = message(&links, &[("l39", "x\n")], ("l0", "x\n"));
    assert!(told.contains("too many links"), "{told}");
    assert_eq!(message(&links, &[("l39", "x\n")], ("l30", "x\n")), "", "nine links are fine");
    let way = "d/../".repeat(400) + "file";
    let told = message(&[("l", &way)], &[("file", "x\n"), ("d/x", "x\n")], ("l", "x\n"));
    assert!(told.contains("too many"), "{told}");
    let target = "x".repeat(100_000);
    assert!(message(&[("l", &target)], &[], ("l", "x\n")).len() < 600);
}

#[test]
fn the_exec_bit_is_that_of_the_target() {
    let mut repository = repository(&[("l", "run")], &[]);
    repository.add("run", Mode::Executable, b"x\n");
    for (mode, good) in [(Mode::Executable, true), (Mode::Regular, false)] {
        let files = [("l", mode, &b"x\n"[..]), ("run", Mode::Executable, b"x\n")];
        let verdict = repository.compare_below("", PRESET, "x-1.tar.gz", &files);
        assert_eq!(told(&verdict).is_empty(), good, "{:?}", told(&verdict));
    }
}

#[test]
fn a_link_of_the_artifact_is_never_explained() {
    let repository = repository(&[("l", "file")], &[("file", "x\n")]);
    let files = [("l", Mode::Symlink, &b"../file"[..]), ("file", Mode::Regular, b"x\n")];
    let verdict = repository.compare_below("", PRESET, "x-1.tar.gz", &files);
    assert_eq!(told(&verdict), ["modified-file l"]);
}

#[test]
fn links_of_a_subdirectory_may_lead_through_the_whole_repository() {
    let repository =
        repository(&[("crate/LICENSE", "../LICENSE")], &[("LICENSE", "free\n"), ("crate/a", "")]);
    let files = [("LICENSE", Mode::Regular, &b"free\n"[..]), ("a", Mode::Regular, b"")];
    let verdict = repository.compare_below("crate", PRESET, "x-1.tar.gz", &files);
    assert_eq!((told(&verdict), levels(&verdict)), (vec![], vec!["dereferenced LICENSE".to_string()]));
}

#[test]
fn a_target_may_be_converted_too() {
    let mut repository = repository(&[("l", "file")], &[("file", "x\n")]);
    repository.attributes.insert(("file".into(), "eol".into()), AttributeState::Value(b"crlf".to_vec()));
    let verdict = compare(&repository, &[("l", "x\r\n"), ("file", "x\r\n")]);
    assert_eq!(levels(&verdict), ["converted file", "dereferenced l"]);
}

#[test]
fn a_folder_stands_for_the_link_that_leads_to_it() {
    let links = [("ext", "real"), ("real/up", "../other"), ("real/file", "a")];
    let files = [("real/a", "a\n"), ("real/b/c", "c\n"), ("other/o", "o\n")];
    let repository = repository(&links, &files);
    let copies = [
        ("ext/a", "a\n"),
        ("ext/b/c", "c\n"),
        ("ext/file", "a\n"),
        ("ext/up/o", "o\n"),
        ("real/up/o", "o\n"),
        ("real/file", "a\n"),
    ];
    let verdict = compare(&repository, &[&files[..], &copies].concat());
    assert_eq!(told(&verdict), Vec::<String>::new());
    assert_eq!(verdict.levels["dereferenced"], 8);
}

#[test]
fn an_incomplete_or_enriched_folder_is_refused() {
    let files: Vec<(String, &str)> = (0..9).map(|number| (format!("real/{number}"), "x\n")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    let repository = repository(&[("ext", "real")], &files);
    let copies = [("ext/0", "x\n"), ("ext/1", "evil\n"), ("ext/evil", "x\n")];
    let verdict = compare(&repository, &[&files[..], &copies].concat());
    assert_eq!(
        told(&verdict),
        ["evidence-mismatch ext/1", "evidence-mismatch ext/evil", "evidence-mismatch ext"]
    );
    assert!(verdict.findings[2].message.contains("without ext/2, ext/3, ext/4, and more"));
}

#[test]
fn a_link_that_is_simply_missing_stays_missing() {
    let repository = repository(&[("ext", "real"), ("l", "real/a")], &[("real/a", "a\n")]);
    let verdict = compare(&repository, &[("real/a", "a\n")]);
    assert_eq!(told(&verdict), ["missing-file ext", "missing-file l"]);
}

#[test]
fn a_folder_in_the_place_of_a_file_link_is_refused() {
    let repository = repository(&[("l", "file"), ("out", "..")], &[("file", "x\n")]);
    let verdict = compare(&repository, &[("file", "x\n"), ("l/evil", "x\n"), ("out/file", "x\n")]);
    let told = told(&verdict);
    for path in ["l", "l/evil", "out", "out/file"] {
        assert!(told.contains(&format!("evidence-mismatch {path}")), "{told:?}");
    }
}

#[test]
fn folders_that_hold_themselves_end() {
    let mut links = vec![("ext".to_string(), "real".to_string())];
    links.extend((0..10).map(|number| (format!("real/{number}"), ".".to_string())));
    let links: Vec<(&str, &str)> = links.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let repository = repository(&links, &[("real/a", "a\n")]);
    let verdict = compare(&repository, &[("real/a", "a\n"), ("ext/a", "a\n")]);
    assert!(told(&verdict).iter().any(|finding| finding.ends_with(" ext")), "{:?}", told(&verdict));
}
