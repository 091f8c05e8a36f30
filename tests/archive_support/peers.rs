//! What other readers see in an archive.

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::archive::EntryKind;

use super::{Recorder, crc};

/// What a peer said of an archive: one line an entry, and all content in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// What each installed peer sees in `files`; `None` where it refuses.
pub type Views = Vec<(&'static str, Vec<Option<View>>)>;

/// The views of GNU tar, Python's tarfile and bsdtar.
pub fn tar_views(files: &[PathBuf]) -> Views {
    let each = |name, columns| files.iter().map(|file| program(name, file, columns)).collect();
    let mut all = vec![("Python", python("tar", files)), ("GNU tar", each("tar", 5))];
    if has("bsdtar") {
        all.push(("bsdtar", each("bsdtar", 8)));
    }
    all
}

/// The views of Python's zipfile, Info-ZIP's unzip and bsdtar.
pub fn zip_views(files: &[PathBuf]) -> Views {
    let mut all = vec![("Python", python("zip", files))];
    if Command::new("unzip").arg("-v").output().is_ok_and(|output| output.status.success()) {
        all.push(("unzip", files.iter().map(|file| unzip(file)).collect()));
    }
    if has("bsdtar") {
        all.push(("bsdtar", files.iter().map(|file| program("bsdtar", file, 8)).collect()));
    }
    all
}

/// Lists with `-tv`, whose lines have `columns` words before the name.
fn program(name: &str, file: &Path, columns: usize) -> Option<View> {
    let literal: &[&str] = if name == "tar" { &["--quoting-style=literal"] } else { &[] };
    let mut list = Command::new(name);
    list.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").args(literal).args(["--numeric-owner", "-tvf"]).arg(file);
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

/// Python's view of all `files`, from one process.
fn python(kind: &str, files: &[PathBuf]) -> Vec<Option<View>> {
    let script = r#"
import sys, tarfile, zipfile, zlib

def tar(path):
    with tarfile.open(path) as t:
        for m in t:
            if m.isreg():
                yield f"- {'x' if m.mode & 0o100 else '-'} {m.size} {m.name}", t.extractfile(m).read()
            else:
                kind = 'd' if m.isdir() else 'l' if m.issym() else 'h' if m.islnk() else '?'
                arrow = {'l': ' -> ', 'h': ' link to '}.get(kind, '')
                yield f"{kind} {m.name}{arrow}{m.linkname if arrow else ''}", b''

def zip(path):
    with zipfile.ZipFile(path) as z:
        for m in z.infolist():
            if m.is_dir():
                yield f"d {m.filename.rstrip('/')}", b''
            else:
                x = 'x' if m.external_attr >> 16 & 0o100 else '-'
                yield f"- {x} {m.file_size} {m.filename}", z.read(m)

out = sys.stdout.buffer
for path in sys.argv[2:]:
    crc, lines = 0, []
    try:
        for line, data in (tar if sys.argv[1] == 'tar' else zip)(path):
            lines.append(line.replace('\0', '<NUL>'))
            crc = zlib.crc32(data, crc)
    except Exception as error:
        out.write(f"refused {error!r}\0".replace('\n', ' ').encode())
        continue
    out.write('\n'.join([str(crc)] + lines).encode('utf-8', 'surrogateescape') + b'\0')
"#;
    let mut views = Vec::new();
    for batch in files.chunks(500) {
        let output = Command::new("python3").arg("-c").arg(script).arg(kind).args(batch).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        views.extend(text.split_terminator('\0').map(|record| {
            let mut lines = record.split('\n').map(str::to_owned);
            let content = lines.next()?.parse().ok()?;
            Some(View { lines: lines.collect(), content })
        }));
    }
    views
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
                // A question mark stands where the mode has no type bits; what
                // unzip then makes is told by the name.
                _ if name.ends_with('/') => format!("d {}", name.trim_end_matches('/')),
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
