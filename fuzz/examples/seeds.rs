//! Writes seeds for all targets into the folder given: the hostile archives of
//! the tests, and small honest documents, keys and objects made here.

#[path = "../../tests/archive_support/mod.rs"]
mod archive_support;
#[path = "../../tests/git_support/pack.rs"]
mod pack;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use archive_support::{gzip, hostile, hostile_zip};
use sequoia_openpgp::cert::CertBuilder;
use sequoia_openpgp::serialize::stream::{Armorer, Message, Signer};
use sequoia_openpgp::serialize::{Serialize as _, SerializeInto as _};

fn main() -> io::Result<()> {
    let root = PathBuf::from(std::env::args_os().nth(1).expect("usage: seeds FOLDER"));
    archives(&root)?;
    texts(&root)?;
    comparisons(&root)?;
    openpgp(&root).map_err(io::Error::other)?;
    git(&root)
}

fn archives(root: &Path) -> io::Result<()> {
    let tars: Vec<Vec<u8>> = hostile::tars().into_iter().map(|(_, tar, _)| tar).collect();
    let zips = hostile_zip::zips().into_iter().map(|(_, zip, _)| zip).collect();
    // The first byte is the targets' choice: repaired sums, gzip.
    write(&root.join("archive_tar"), tars.iter().map(|tar| prefixed(1, tar)).collect())?;
    let packed = tars.iter().flat_map(|tar| {
        [prefixed(0, &gzip(tar)), prefixed(1, &xz(tar)), prefixed(2, &bzip2(tar)), prefixed(3, &zstd(tar))]
    });
    write(&root.join("archive_containers"), packed.collect())?;
    write(&root.join("archive_zip"), zips)
}

/// A target's choice, then the input.
fn prefixed(first: u8, bytes: &[u8]) -> Vec<u8> {
    [&[first], bytes].concat()
}

const POLICY: &str = "format: countersign/policy@v1
groups:
  team: {certificates: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA], note: \"vetted\", not-before: 2026-01-01T00:00:00Z}
projects:
  a/b:
    repository: https://git.example.org/a/b
    tag: \"v{version}\"
    branches: [main, \"stable/*\"]
    taggers: {any: [team]}
    signer: BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB
    artifacts:
      - name: \"b-{version}.tar.gz\"
        root: \"b-{version}\"
        preset: git-archive@1
        omit: [.gitignore, \"doc/**\"]
        limits: {entries: 10, unpacked: 1000, ratio: 5}
        files:
          - {path: gen.h, exact: \"x\", executable: true}
          - {path: a.pdf, unverified: \"why\", until: 2027-01-01T00:00:00Z}
";

fn texts(root: &Path) -> io::Result<()> {
    let (sha256, sha512) = ("1".repeat(64), "2".repeat(128));
    let manifest = format!(
        "format: countersign/checksum@v1\noutcome: ok\nresult:\n  artifacts:\n    - {{name: a-1.tar.gz, size: 1, \
         sha256: {sha256}, sha512: {sha512}}}\n"
    );
    let list = format!("{sha256}  a-1.tar.gz\n{sha256}  b-1.zip\n");
    let record =
        format!("format: countersign/record@v1\nproject: a/b\nversion: \"1\"\npolicy_sha256: {sha256}\n");
    let documents = [
        prefixed(0, POLICY.as_bytes()),
        prefixed(1, record.as_bytes()),
        prefixed(2, manifest.as_bytes()),
        prefixed(3, list.as_bytes()),
        prefixed(4, b"2026-11-20T10:00:00Z"),
        prefixed(5, "A".repeat(40).as_bytes()),
        prefixed(6, b"nova-33.0.2.tar.gz"),
    ];
    write(&root.join("documents"), documents.into())?;
    let templates = ["v{version}\nv1.0.0rc1", "pep440\n1.0.dev3+x", "semver\n1.0.0-rc.1+b", "*.c\nsrc/a.c"];
    write(&root.join("template"), templates.map(|text| text.as_bytes().to_vec()).into())?;
    let attributes = [
        prefixed(0, b"a/b.c\n[attr]x -text eol=crlf\n*.c x ident\n\"a b\" filter=lfs\n!*.h -diff\n/src/** export-ignore\n"),
        prefixed(0, b"src/x\n**/a[!b-d]?*\\\\ text=auto working-tree-encoding=UTF-16\n#c\n"),
        prefixed(1, b"A <a@x>\nProper <p@x> Commit <c@x>\n<p@x> <c@x>\nName <c@x>\n# c\n"),
    ];
    write(&root.join("attributes"), attributes.into())
}

/// Every preset, with what tools add and in other orders of edits.
fn comparisons(root: &Path) -> io::Result<()> {
    let mut seeds = Vec::new();
    for preset in 0..16 {
        let add = |name: u8| [3, name, 0, 0];
        let all: Vec<u8> = (5..40).flat_map(add).collect();
        let some: Vec<u8> = (10..25).flat_map(add).collect();
        seeds.extend([vec![preset], prefixed(preset, &all), prefixed(preset, &some)]);
        seeds.push(prefixed(preset, &[1, 4, 0, 0, 2, 10, 3, 0, b'x', b':', b'\n', 0, 1, 1, 0, b'x']));
    }
    write(&root.join("compare"), seeds)
}

fn openpgp(root: &Path) -> sequoia_openpgp::Result<()> {
    let (cert, revocation) =
        CertBuilder::new().add_userid("A <a@example.org>").add_signing_subkey().generate()?;
    let public = (cert.armored().to_vec()?, cert.to_vec()?);
    let secret = (cert.as_tsk().armored().to_vec()?, cert.as_tsk().to_vec()?);
    let mut revoked = public.1.clone();
    sequoia_openpgp::Packet::from(revocation).serialize(&mut revoked)?;
    let certificates = [
        prefixed(0, &public.0),
        prefixed(1, &public.1),
        prefixed(1, &revoked),
        prefixed(2, &secret.0),
        prefixed(3, &secret.1),
    ];
    write(&root.join("certificate"), certificates.into())?;
    let key = cert.keys().secret().nth(1).expect("a subkey").key().clone().into_keypair()?;
    let sign = |armored: bool| -> sequoia_openpgp::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut message = Message::new(&mut bytes);
        if armored {
            message = Armorer::new(message).kind(sequoia_openpgp::armor::Kind::Signature).build()?;
        }
        let mut signer = Signer::new(message, key.clone())?.detached().build()?;
        io::Write::write_all(&mut signer, b"data")?;
        signer.finalize()?;
        Ok(bytes)
    };
    let (armored, binary) = (sign(true)?, sign(false)?);
    let twice = [&binary[..], &binary].concat();
    write(&root.join("signature"), vec![prefixed(0, &armored), prefixed(1, &binary), prefixed(1, &twice)])?;
    let head =
        "object 0123456789abcdef0123456789abcdef01234567\ntype commit\ntag v1\ntagger A <a@x> 1 +0000\n\nx\n";
    let ssh = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
    let tags = vec![
        head.as_bytes().to_vec(),
        [head.as_bytes(), &armored].concat(),
        [head, ssh].concat().into_bytes(),
        b"A U Thor <a@example.org> 1700000000 +0100".to_vec(),
    ];
    write(&root.join("tag"), tags)?;
    Ok(())
}

fn git(root: &Path) -> io::Result<()> {
    let line = |mode: &str, name: &str| [format!("{mode} {name}\0").as_bytes(), &[7; 20]].concat();
    let tree =
        [line("100644", ".gitattributes"), line("40000", "a"), line("120000", "b"), line("160000", "c")];
    let commit = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent 0123456789abcdef0123456789abcdef01234567\n\
                  author A <a@x> 1700000000 +0100\ncommitter A <a@x> 1 -0230\nencoding ISO-8859-1\n\
                  gpgsig -----BEGIN\n x\n\nsubject\n\nbody\n";
    let tag =
        "object 0123456789abcdef0123456789abcdef01234567\ntype commit\ntag v1\ntagger A <a@x> 1 +0000\n\nx\n";
    let mut loose = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    io::Write::write_all(&mut loose, b"blob 5\0hello")?;
    let objects = [
        prefixed(0, &tree.concat()),
        prefixed(1, commit.as_bytes()),
        prefixed(2, tag.as_bytes()),
        prefixed(3, &loose.finish()?),
    ];
    write(&root.join("git_objects"), objects.into())?;

    let delta = pack::deflate(&[5, 6, 0x90, 5, 1, b'!']);
    let blob = pack::blob(b"hello").bytes;
    let entry = |kind: u8, bytes: &[u8]| [&[kind, bytes.len() as u8], bytes].concat();
    let entries = [entry(0, &delta), entry(4, &delta), entry(1, &delta), entry(40, &delta), entry(3, &blob)];
    let (packed, index) = pack::build(&[pack::blob(b"hello"), pack::blob(b"more")]);
    let length = u16::try_from(index.len()).expect("small").to_be_bytes();
    let whole = [&length[..], &index, &packed].concat();
    write(&root.join("git_pack"), vec![prefixed(0, &entries.concat()), prefixed(1, &whole)])?;

    let id = "0123456789abcdef0123456789abcdef01234567";
    let packed = format!(
        "# pack-refs with: peeled fully-peeled sorted \n{id} refs/heads/main\n{id} refs/tags/v1\n^{id}\n"
    );
    let refs = [
        prefixed(0, packed.as_bytes()),
        prefixed(1, b"ref: refs/heads/main\n"),
        prefixed(2, format!("{id}\n").as_bytes()),
        prefixed(2, b"ref: refs/heads/main\n"),
        prefixed(3, format!("{}\n", "1".repeat(64)).as_bytes()),
    ];
    write(&root.join("git_refs"), refs.into())
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    pack(liblzma::write::XzEncoder::new(Vec::new(), 1), bytes, |encoder| encoder.finish())
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    pack(bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast()), bytes, |encoder| {
        encoder.finish()
    })
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn pack<W: io::Write>(
    mut encoder: W,
    bytes: &[u8],
    finish: impl FnOnce(W) -> io::Result<Vec<u8>>,
) -> Vec<u8> {
    encoder.write_all(bytes).and_then(|()| finish(encoder)).expect("packing into memory")
}

fn write(folder: &Path, seeds: Vec<Vec<u8>>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    // What is longer than the fuzzer's usual input only slows it down.
    for (number, seed) in seeds.iter().filter(|seed| seed.len() < 20_000).enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}
