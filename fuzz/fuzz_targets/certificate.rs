//! Certificates of a keyring, and secret keys.
#![no_main]

use countersign::openpgp::{Keyring, SigningKey};
use countersign::release::Time;
use libfuzzer_sys::fuzz_target;
use sequoia_openpgp::{Cert, parse::Parse as _};

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    if choice & 2 == 2 {
        drop(SigningKey::read(bytes, Some(b"x"), Time::from_unix(1_790_000_000)));
        return;
    }
    let suffix = if choice & 1 == 0 { "asc" } else { "pgp" };
    // Under its true name it gets further.
    let name = Cert::from_bytes(bytes).map_or("0".repeat(40), |cert| cert.fingerprint().to_hex());
    if let Ok(keyring) = Keyring::load(vec![(format!("{name}.{suffix}"), bytes.to_vec())]) {
        for certificate in keyring.certificates() {
            keyring.facts(certificate.fingerprint());
            let again = (format!("{name}.asc"), certificate.to_armored());
            let again = Keyring::load(vec![again]).expect("what we publish can be read");
            // Only what does not verify may stand in another order.
            assert_eq!(again.facts(certificate.fingerprint()), keyring.facts(certificate.fingerprint()));
        }
    }
});
