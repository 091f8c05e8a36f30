//! Detached signatures, armoured and binary; also armour as such.
#![no_main]

use countersign::openpgp::{Form, Keyring, inspect};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static KEYRING: LazyLock<Keyring> = LazyLock::new(countersign_fuzz::keyring);

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let form = if choice & 1 == 0 { Form::Armored } else { Form::Binary };
    let found = inspect(bytes, form, &mut &b"data"[..], &KEYRING).expect("memory can be read");
    assert!(found.defects.is_empty() || found.signatures.is_empty());
});
