//! Every attack of the vector table, made at run time, with our answer in
//! both modes and those of gpg and sqv, and the page that shows them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod openpgp_support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use countersign::release::signature::Inspection;
use countersign::trust::{Mode, judge};
use openpgp_support::peers::{Gpg, sqv, version};
use openpgp_support::vectors::Vector;
use openpgp_support::*;

fn all() -> &'static [Vector] {
    static ALL: OnceLock<Vec<Vector>> = OnceLock::new();
    ALL.get_or_init(vectors::all)
}

fn facts(vector: &Vector) -> Inspection {
    let certificates: Vec<&Holder> = vector.holders.iter().chain(&vector.others).collect();
    look(&vector.signature, vector.form, &vector.data, &certificates)
}

fn ours(vector: &Vector, inspection: &Inspection, mode: Mode) -> String {
    let holders: Vec<&Holder> = vector.holders.iter().collect();
    answer(&judge(inspection, &question(mode, &members(&holders))))
}

#[test]
fn every_vector_gets_its_answer() {
    let mut wrong = Vec::new();
    for vector in all() {
        // What may go out now must have been good when it was made.
        assert!(!vector.release.starts_with("ok") || vector.archive == vector.release, "{}", vector.row);
        let inspection = facts(vector);
        for (mode, expected) in [(Mode::Release, vector.release), (Mode::Archive, vector.archive)] {
            let found = ours(vector, &inspection, mode);
            if found != expected {
                wrong.push(format!(
                    "{} {}, {mode:?}: expected {expected}, found {found}",
                    vector.row, vector.what
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows of the study that the table follows, each by its number.
#[test]
fn no_row_is_left_out() {
    let number = |row: &str| row.trim_end_matches(char::is_alphabetic).parse::<u32>().unwrap();
    let rows: BTreeSet<u32> = all().iter().map(|vector| number(vector.row)).collect();
    assert!((1..=63).all(|row| rows.contains(&row)), "{rows:?}");
    let names: BTreeSet<&str> = all().iter().map(|vector| vector.row).collect();
    assert_eq!(names.len(), all().len(), "each row once");
}

const BEGIN: &str = "<!-- vectors: made by tests/openpgp_vectors.rs -->\n";
const END: &str = "<!-- end of vectors -->\n";

/// The page shows what this test measures. A column whose tool is not
/// installed here, or in another version than the page's, is not compared.
/// `COUNTERSIGN_WRITE_PAGE=1` writes the page anew.
#[test]
fn the_page_says_what_gpg_and_sqv_and_we_answer() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/signatures.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (shown, tail) = rest.split_once(END).unwrap();
    let measured = table(shown);
    if std::env::var_os("COUNTERSIGN_WRITE_PAGE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{measured}{END}{tail}")).unwrap();
    } else {
        assert_eq!(
            shown, measured,
            "docs/signatures.md is out of date: run this test with COUNTERSIGN_WRITE_PAGE=1"
        );
    }
}

/// The table as measured here; columns that cannot be measured are copied
/// from `shown`.
fn table(shown: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let [signature, data, keyring] =
        ["hello.asc", "hello", "keyring.pgp"].map(|name| folder.path().join(name));
    let writing = std::env::var_os("COUNTERSIGN_WRITE_PAGE").is_some();
    let usable = |tool: &str| version(tool).filter(|found| writing || shown.contains(found.as_str()));
    let (gpg_version, sqv_version) = (usable("gpg"), usable("sqv"));
    let versions = match (&gpg_version, &sqv_version) {
        (Some(gpg), Some(sqv)) => format!("Measured with {gpg} and {sqv}.\n"),
        _ => shown.lines().next().unwrap_or_default().to_string() + "\n",
    };
    let mut out = versions;
    out += "\n| row | vector | gpg | sqv | countersign, release | archive |\n|---|---|---|---|---|---|\n";
    for vector in all() {
        let old = old_cells(shown, vector.row);
        std::fs::write(&signature, &vector.signature).unwrap();
        std::fs::write(&data, &vector.data).unwrap();
        let certificates: Vec<u8> = vector.holders.iter().flat_map(|holder| holder.binary()).collect();
        std::fs::write(&keyring, certificates).unwrap();
        let gpg = match &gpg_version {
            Some(_) => {
                let gpg = Gpg::new();
                vector.holders.iter().for_each(|holder| gpg.import(&holder.public()));
                gpg.verify(&signature, &data).to_string()
            }
            None => old.0,
        };
        let sqv = match &sqv_version {
            Some(_) => sqv(&keyring, &signature, &data).to_string(),
            None => old.1,
        };
        let inspection = facts(vector);
        let [release, archive] =
            [Mode::Release, Mode::Archive].map(|mode| shorten(&ours(vector, &inspection, mode)));
        let archive = if archive == release { "same".to_string() } else { archive };
        writeln!(out, "| {} | {} | {gpg} | {sqv} | {release} | {archive} |", vector.row, vector.what)
            .unwrap();
    }
    out
}

fn shorten(answer: &str) -> String {
    answer
        .split(' ')
        .map(|word| match word {
            "ok" => "ok".to_string(),
            word => match word.strip_prefix('(') {
                Some(word) => format!("(`{}`)", word.trim_end_matches(')')),
                None => format!("`{word}`"),
            },
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn old_cells(shown: &str, row: &str) -> (String, String) {
    let line = shown.lines().find(|line| line.starts_with(&format!("| {row} |"))).unwrap_or_default();
    let cell = |index| line.split('|').nth(index).unwrap_or_default().trim().to_string();
    (cell(3), cell(4))
}
