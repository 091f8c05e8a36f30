//! The attack vectors: one signature file each, with what is to be said.

mod contents;
mod files;
mod keys;
mod times;

use countersign::openpgp::Form;

use super::{DATA, Holder, Signature, armored, binary};

/// One way a signature can be bad, or good in spite of its looks.
pub struct Vector {
    /// Row of the table.
    pub row: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// The signature file.
    pub signature: Vec<u8>,
    pub form: Form,
    /// The data that is verified.
    pub data: Vec<u8>,
    /// Certificates in keyring and policy.
    pub holders: Vec<Holder>,
    /// Certificates in the keyring only.
    pub others: Vec<Holder>,
    /// Our answers.
    pub release: &'static str,
    pub archive: &'static str,
}

impl Vector {
    /// A signature file by one holder, over [`DATA`].
    fn new(
        row: &'static str,
        what: &'static str,
        holder: &Holder,
        signature: impl Into<File>,
        answer: &'static str,
    ) -> Self {
        let File(signature, form) = signature.into();
        Self {
            row,
            what,
            signature,
            form,
            data: DATA.to_vec(),
            holders: vec![holder.clone()],
            others: Vec::new(),
            release: answer,
            archive: answer,
        }
    }

    /// The answer in archive mode, where it differs.
    fn archive(mut self, answer: &'static str) -> Self {
        self.archive = answer;
        self
    }
}

pub struct File(Vec<u8>, Form);

impl From<Signature> for File {
    fn from(signature: Signature) -> Self {
        Self(armored(&[signature]), Form::Armored)
    }
}

impl<const N: usize> From<[Signature; N]> for File {
    fn from(signatures: [Signature; N]) -> Self {
        Self(armored(&signatures), Form::Armored)
    }
}

impl From<Vec<u8>> for File {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes, Form::Armored)
    }
}

fn bare(signature: Signature) -> File {
    File(binary(&[signature]), Form::Binary)
}

/// All of them, in the order of the table.
pub fn all() -> Vec<Vector> {
    let mut all = Vec::new();
    all.extend(times::vectors());
    all.extend(keys::vectors());
    all.extend(contents::vectors());
    all.extend(files::vectors());
    all.sort_by_key(|vector| {
        let digits: String = vector.row.chars().take_while(char::is_ascii_digit).collect();
        (digits.parse::<u32>().unwrap(), vector.row)
    });
    all
}
