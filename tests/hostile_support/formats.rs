//! Archives with one thing wrong with them: the readers' own tables, through
//! the real binary.

use super::{Attack, rejected};
use crate::archive_support::{hostile, hostile_zip};

/// Every hostile tar.
pub fn tars() -> Vec<Attack> {
    let cases = hostile::tars().into_iter();
    cases.map(|(name, tar, code)| rejected(format!("tar: {name}"), &[code], made("r.tar", tar))).collect()
}

/// Every hostile zip.
pub fn zips() -> Vec<Attack> {
    let cases = hostile_zip::zips().into_iter();
    cases.map(|(name, zip, code)| rejected(format!("zip: {name}"), &[code], made("r.zip", zip))).collect()
}

fn made(name: &'static str, bytes: Vec<u8>) -> impl Fn(&mut super::Place) {
    move |place| place.artifact(name, &bytes)
}
