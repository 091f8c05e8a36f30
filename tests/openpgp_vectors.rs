//! Every attack of the vector table, made at run time, with our answer and
//! those of gpg and sqv.
#![allow(clippy::unwrap_used, reason = "a test")]

mod openpgp_support;

use countersign::openpgp::Form;
use countersign::trust::Mode;
use openpgp_support::*;

#[test]
fn smoke() {
    let holder = Holder::new();
    let sig = armored(&[holder.sign(0, DATA)]);
    println!("{}", String::from_utf8_lossy(&sig));
    for mode in [Mode::Release, Mode::Archive] {
        assert_eq!(answer(&judged(&sig, Form::Armored, DATA, &[&holder], mode)), "ok");
        assert_eq!(answer(&judged(&sig, Form::Armored, b"x", &[&holder], mode)), "bad-signature");
    }
}

#[test]
fn sign_smoke() {
    use countersign::openpgp::SigningKey;
    use countersign::release::Time;
    use sequoia_openpgp::serialize::SerializeInto;
    let holder = Holder::new();
    let fpr = holder.cert.keys().subkeys().next().unwrap().key().fingerprint();
    let tsk = holder
        .cert
        .as_tsk()
        .set_filter(move |k| k.fingerprint() == fpr)
        .emit_secret_key_stubs(true)
        .armored()
        .to_vec()
        .unwrap();
    let at = Time::from_unix(now());
    let key = SigningKey::read(&tsk, None, at).map_err(|e| e.code).unwrap();
    let mut s = key.sign_detached(at, &[("artifact-name", "hello.tar.gz")]).unwrap();
    s.update(DATA);
    let sig = s.finish().unwrap();
    let j = judged(&sig, Form::Armored, DATA, &[&holder], Mode::Release);
    assert_eq!(answer(&j), "ok");
}
