//! What other readers see in an archive.

use std::path::Path;
use std::process::Command;

use countersign::archive::EntryKind;

use super::{Recorder, crc};

/// What a peer said of an archive: one line an entry, and all content in a row.
#[derive(Debug, PartialEq, Eq)]
pub struct View {
    pub lines: Vec<String>,
    pub content: u32,
}

/// Whether `program` is installed.
pub fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Our own view, in the words of `tar -tv`.
pub fn ours(recorder: &Recorder) -> View {
    let line = |(entry, content): &(countersign::archive::Entry, Vec<u8>)| {
        let path = String::from_utf8_lossy(entry.path.as_bytes()).into_owned();
        match &entry.kind {
            EntryKind::File { executable } => {
                format!("- {} {} {path}", if *executable { "x" } else { "-" }, content.len())
            }
            EntryKind::Directory => format!("d {path}"),
            EntryKind::Symlink { target } => format!("l {path} -> {}", String::from_utf8_lossy(target)),
            EntryKind::HardLink { target } => {
                format!("h {path} link to {}", String::from_utf8_lossy(target.as_bytes()))
            }
        }
    };
    let all: Vec<u8> = recorder.entries.iter().flat_map(|(_, content)| content.clone()).collect();
    View { lines: recorder.entries.iter().map(line).collect(), content: crc(&all) }
}

/// The views of all peers that are installed; `None` from one that refuses.
pub fn views(file: &Path) -> Vec<(&'static str, Option<View>)> {
    let mut all = vec![("Python", python(file)), ("GNU tar", program("tar", file, 5))];
    if has("bsdtar") {
        all.push(("bsdtar", program("bsdtar", file, 8)));
    }
    all
}

/// Lists with `-tv`, whose lines have `columns` words before the name.
fn program(name: &str, file: &Path, columns: usize) -> Option<View> {
    let literal: &[&str] = if name == "tar" { &["--quoting-style=literal"] } else { &[] };
    let mut list = Command::new(name);
    list.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").args(literal).arg("-tvf").arg(file);
    let listed = list.output().unwrap();
    let content = Command::new(name).env("LC_ALL", "C.UTF-8").arg("-xOf").arg(file).output().unwrap();
    if !listed.status.success() || !content.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    Some(View {
        lines: text.lines().map(|line| shape(line, columns)).collect(),
        content: crc(&content.stdout),
    })
}

fn shape(line: &str, columns: usize) -> String {
    let mut rest = line;
    let mut words = Vec::new();
    for _ in 0..columns {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        words.push(word);
        rest = after;
        // Only blanks that align the columns: a name may begin with one.
        if words.len() < columns {
            rest = rest.trim_start();
        }
    }
    let size = if columns == 5 { words[2] } else { words[4] };
    let kind = &words[0][..1];
    match kind {
        "-" => format!("- {} {size} {rest}", &words[0][3..4]),
        "d" => format!("d {}", rest.strip_suffix('/').unwrap_or(rest)),
        _ => format!("{kind} {rest}"),
    }
}

fn python(file: &Path) -> Option<View> {
    let script = r#"
import sys, tarfile, zlib
crc = 0
with tarfile.open(sys.argv[1]) as t:
    for m in t:
        if m.isreg():
            data = t.extractfile(m).read()
            crc = zlib.crc32(data, crc)
            line = f"- {'x' if m.mode & 0o100 else '-'} {len(data)} {m.name}"
        elif m.isdir():
            line = f"d {m.name}"
        elif m.issym():
            line = f"l {m.name} -> {m.linkname}"
        elif m.islnk():
            line = f"h {m.name} link to {m.linkname}"
        else:
            line = f"? {m.name} {m.type}"
        sys.stdout.buffer.write(line.encode('utf-8', 'surrogateescape') + b'\n')
print(crc)
"#;
    let output = Command::new("python3").arg("-c").arg(script).arg(file).output().unwrap();
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines: Vec<String> = text.split_terminator('\n').map(str::to_owned).collect();
    let content = lines.pop()?.parse().ok()?;
    Some(View { lines, content })
}

/// The views of readers of zips: Python's zipfile, Info-ZIP's unzip where it
/// is installed, and bsdtar.
pub fn zip_views(file: &Path) -> Vec<(&'static str, Option<View>)> {
    let mut all = vec![("Python", zipfile(file))];
    if Command::new("unzip").arg("-v").output().is_ok_and(|output| output.status.success()) {
        all.push(("unzip", unzip(file)));
    }
    if has("bsdtar") {
        all.push(("bsdtar", program("bsdtar", file, 8)));
    }
    all
}

fn zipfile(file: &Path) -> Option<View> {
    let script = r#"
import sys, zipfile, zlib
crc = 0
with zipfile.ZipFile(sys.argv[1]) as z:
    for m in z.infolist():
        if m.is_dir():
            line = f"d {m.filename.rstrip('/')}"
        else:
            data = z.read(m)
            crc = zlib.crc32(data, crc)
            line = f"- {'x' if m.external_attr >> 16 & 0o100 else '-'} {len(data)} {m.filename}"
        sys.stdout.buffer.write(line.encode('utf-8', 'surrogateescape') + b'\n')
print(crc)
"#;
    let output = Command::new("python3").arg("-c").arg(script).arg(file).output().unwrap();
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines: Vec<String> = text.split_terminator('\n').map(str::to_owned).collect();
    let content = lines.pop()?.parse().ok()?;
    Some(View { lines, content })
}

/// `unzip -Zs` has eight words before the name; `unzip -p` gives the content.
fn unzip(file: &Path) -> Option<View> {
    let call = |option: &str| {
        let output = Command::new("unzip").env("LC_ALL", "C.UTF-8").arg(option).arg(file).output().unwrap();
        output.status.success().then_some(output.stdout)
    };
    let listed = String::from_utf8_lossy(&call("-Zs")?).into_owned();
    let rows = listed.lines().filter(|line| line.starts_with(['-', 'd', 'l', '?']));
    let lines = rows
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let name = words[8..].join(" ");
            match &words[0][..1] {
                "d" => format!("d {}", name.trim_end_matches('/')),
                // A question mark stands where the mode has no type bits.
                "-" | "?" => {
                    // DOS attributes are listed as "-rw-a--" or the like.
                    let x = if words[0].len() == 10 && &words[0][3..4] == "x" { "x" } else { "-" };
                    format!("- {x} {} {name}", words[3])
                }
                _ => format!("l {name}"),
            }
        })
        .collect();
    Some(View { lines, content: crc(&call("-p")?) })
}
