//! Signing through a real gpg-agent: keys that do not sign in this process,
//! and what happens when the agent does not play along.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use countersign::openpgp::{Agent, Channel, Keyring};
use countersign::release::{Fingerprint, Time};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use support::{Key, NOW, RULES, Ran, SOURCE, World, run_ok};

/// Where the world's agent listens; it is running then.
fn socket(world: &World) -> String {
    let home = world.gpg().get_envs().find(|(name, _)| *name == "GNUPGHOME").unwrap().1.unwrap().to_owned();
    run_ok(Command::new("gpgconf").env("GNUPGHOME", &home).args(["--launch", "gpg-agent"]));
    run_ok(Command::new("gpgconf").env("GNUPGHOME", &home).args(["--list-dirs", "agent-socket"]))
}

fn sign(world: &World, socket: &str, more: &[&str]) -> Ran {
    let agent = ["--artifacts", "dist", "--agent", "--agent-socket", socket];
    world.countersign(&[&["sign"], &SOURCE[..], &RULES[..], &agent[..], more].concat())
}

/// A certificate whose signing subkey is of another kind.
fn new_key(world: &World, user: &str, kind: &str) -> Key {
    let key = world.new_key(user);
    let unprotected =
        ["--pinentry-mode", "loopback", "--passphrase", "", "--faked-system-time", "20260102T000001!"];
    run_ok(world.gpg().args(unprotected).args(["--quick-add-key", &key.certificate, kind, "sign", "1y"]));
    let listing = run_ok(world.gpg().args(["--with-colons", "--list-keys", user]));
    let subkey = listing.lines().filter(|line| line.starts_with("fpr:")).nth(2).unwrap();
    let subkey = subkey.split(':').nth(9).unwrap().to_string();
    world.vet(&key);
    Key { subkey, ..key }
}

/// gpg's and our own word on the signed artifact.
fn verified(world: &World) {
    let artifact = world.path("dist/hello-1.0.tar.gz");
    run_ok(
        world
            .gpg()
            .args(["--faked-system-time", "20260104T000000!", "--verify"])
            .arg(world.path("dist/hello-1.0.tar.gz.asc"))
            .arg(artifact),
    );
    world.verify(&["dist/hello-1.0.tar.gz"], &["--mode", "release"]).ok();
}

#[test]
fn the_agent_signs_with_ed25519() {
    let world = World::new();
    let ran = sign(&world, &socket(&world), &[]);
    assert_eq!(ran.ok().result()["signer"]["key"], world.release.subkey.as_str());
    verified(&world);
}

#[test]
fn the_agent_signs_with_rsa_which_this_process_refuses() {
    let mut world = World::new();
    world.release = new_key(&world, "RSA <rsa@example.org>", "rsa3072");
    world.write_policy("");
    let secret = world.secret_subkey(&world.release);
    world.sign_with("dist", &[], &secret).rejected_for("unsupported-key-algorithm");
    let ran = sign(&world, &socket(&world), &[]);
    assert_eq!(ran.ok().result()["signer"]["key"], world.release.subkey.as_str(), "the newest subkey");
    verified(&world);
}

#[test]
fn the_daily_check_asks_the_agent_too() {
    let mut world = World::new();
    let socket = socket(&world);
    let check = |world: &World, socket: &str| {
        let public = format!("keyring/{}.asc", world.release.certificate);
        let agent = ["--agent", "--agent-socket", socket];
        world.countersign(&[&["key", "check", "--public", &public, "--at", NOW][..], &agent].concat())
    };
    assert_eq!(check(&world, &socket).ok().result()["tried"], world.release.subkey.as_str());
    world.release = new_key(&world, "RSA <rsa@example.org>", "rsa3072");
    assert_eq!(check(&world, &socket).ok().result()["tried"], world.release.subkey.as_str());
    run_ok(world.gpg().args(["--yes", "--delete-secret-keys", &world.release.certificate]));
    let lost = check(&world, &socket);
    assert_eq!(lost.rejected_for("agent-lacks-key").result()["tried"], serde_yaml::Value::Null);
    check(&world, world.path("gone").to_str().unwrap()).failed_for("agent-unavailable");
}

#[test]
fn keygrips_are_those_of_libgcrypt() {
    let world = World::new();
    let socket = socket(&world);
    let agent = Agent::new(move || Ok(Box::new(UnixStream::connect(&socket)?) as Box<dyn Channel>));
    for kind in ["ed25519", "rsa2048", "nistp256/ecdsa", "nistp384/ecdsa"] {
        let key = new_key(&world, &format!("Key {kind}"), kind);
        let name = format!("{}.asc", key.certificate);
        let bytes = fs::read(world.path("keyring").join(&name)).unwrap();
        let keyring = Keyring::load(vec![(name, bytes)]).unwrap();
        let subkey = Fingerprint::parse(&key.subkey).unwrap();
        let held = agent.key(&keyring.certificates()[0], &subkey).unwrap();
        let held = held.unwrap_or_else(|| panic!("the agent does not know our keygrip of {kind}"));
        let mut signer = held.sign_detached(Time::parse(NOW).unwrap(), &[]).unwrap();
        signer.update(b"word");
        // The signer verifies what the agent gave.
        signer.finish().unwrap();
    }
}

#[test]
fn a_key_that_the_agent_lacks_is_told() {
    let world = World::new();
    let socket = socket(&world);
    let delete = ["--yes", "--delete-secret-keys", &world.release.certificate];
    run_ok(world.gpg().args(delete));
    sign(&world, &socket, &[]).rejected_for("agent-lacks-key");
    fs::remove_file(world.path(&format!("keyring/{}.asc", world.release.certificate))).unwrap();
    sign(&world, &socket, &[]).rejected_for("certificate-not-published");
    assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
}

#[test]
fn nobody_and_somebody_else_at_the_socket() {
    let world = World::new();
    let gone = world.path("gone").to_str().unwrap().to_string();
    let ran = sign(&world, &gone, &[]);
    assert_eq!((ran.code, ran.codes()), (3, vec!["agent-unavailable"]));
    assert_eq!(ran.document["retryable"], true);
    for (greeting, answer, code) in [
        ("HTTP/1.1 400 Bad Request\n", "", "agent-protocol"),
        ("OK\n", "ERR 67108922 No agent running\n", "agent-refused"),
        ("OK\n", "D (7:sig-val)\n", "agent-unavailable"),
    ] {
        let place = world.path("socket");
        let _ = fs::remove_file(&place);
        let listener = UnixListener::bind(&place).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(greeting.as_bytes()).unwrap();
            let _ = stream.read(&mut [0; 100]);
            let _ = stream.write_all(answer.as_bytes());
        });
        let ran = sign(&world, place.to_str().unwrap(), &[]);
        assert_eq!((ran.code, ran.codes()), (3, vec![code]), "{greeting:?} {answer:?}");
        server.join().unwrap();
    }
    assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
}

/// An agent that signs something else: the fresh signature is verified before
/// anything is written.
#[test]
fn a_lying_agent_gives_no_signature() {
    let world = World::new();
    let place = world.path("socket");
    let listener = UnixListener::bind(&place).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(b"OK\n").unwrap();
            let mut buffer = [0; 1000];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                let answer: &[u8] = match buffer[..read].starts_with(b"PKSIGN") {
                    true => b"D (7:sig-val(5:eddsa(1:r32:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)(1:s32:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)))\nOK\n",
                    false => b"OK\n",
                };
                stream.write_all(answer).unwrap();
            }
        }
    });
    let ran = sign(&world, place.to_str().unwrap(), &[]);
    assert_eq!((ran.code, ran.codes()), (3, vec!["cannot-sign"]), "{}", ran.stdout);
    assert_eq!(world.names("dist"), ["hello-1.0.tar.gz"]);
}

#[test]
fn agent_and_key_exclude_each_other() {
    let world = World::new();
    for more in [&["--key", "-"][..], &["--key-fd", "3"], &["--passphrase-fd", "3"]] {
        assert_eq!(sign(&world, "socket", more).code, 2, "{more:?}");
    }
    let without = [&["sign"], &SOURCE[..], &RULES[..], &["--artifacts", "dist", "--agent"]].concat();
    assert_eq!(world.countersign(&without).code, 2);
}
