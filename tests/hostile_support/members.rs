//! The members of an archive as plain data, and a writer that writes them
//! properly: what is wrong with such an archive is what it holds.

#![allow(dead_code, reason = "each test program uses a part of this")]

use crate::archive_support::tar::{Header, Tar};
use crate::archive_support::zip::{Item, Zip};
use crate::git_support::Repo;

/// One member; paths count from the root folder `r`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub path: String,
    /// tar's type flag: `0`, `1`, `2`, `5` and stranger ones.
    pub kind: u8,
    pub mode: u64,
    pub content: Vec<u8>,
    pub link: String,
}

impl Member {
    pub fn file(path: &str, content: impl AsRef<[u8]>) -> Self {
        Self {
            path: path.into(),
            kind: b'0',
            mode: 0o644,
            content: content.as_ref().into(),
            link: String::new(),
        }
    }

    pub fn executable(path: &str, content: &str) -> Self {
        Self { mode: 0o755, ..Self::file(path, content) }
    }

    pub fn link(path: &str, target: &str) -> Self {
        Self { kind: b'2', mode: 0o777, link: target.into(), ..Self::file(path, "") }
    }

    pub fn hard_link(path: &str, target: &str) -> Self {
        Self { kind: b'1', link: format!("r/{target}"), ..Self::file(path, "") }
    }

    pub fn folder(path: &str) -> Self {
        Self { kind: b'5', mode: 0o755, ..Self::file(path, "") }
    }

    pub fn special(path: &str, kind: u8) -> Self {
        Self { kind, ..Self::file(path, "") }
    }

    pub fn is_file(&self) -> bool {
        self.kind == b'0'
    }
}

/// All members, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members(pub Vec<Member>);

impl Members {
    /// The member of this path.
    pub fn at(&mut self, path: &str) -> &mut Member {
        self.0.iter_mut().find(|member| member.path == path).unwrap()
    }

    pub fn add(&mut self, member: Member) {
        self.0.push(member);
    }

    pub fn remove(&mut self, path: &str) {
        self.0.retain(|member| member.path != path);
    }

    /// Changes in a copy.
    pub fn with(&self, edit: impl FnOnce(&mut Self)) -> Self {
        let mut copy = self.clone();
        edit(&mut copy);
        copy
    }

    /// A tar of the root folder and all members, longer names as pax.
    pub fn tar(&self) -> Vec<u8> {
        self.open_tar().end()
    }

    /// The same before its end marker.
    pub fn open_tar(&self) -> Tar {
        self.0.iter().fold(Tar::new().folder("r/"), |tar, member| {
            let path = format!("r/{}", member.path) + if member.kind == b'5' { "/" } else { "" };
            let mut tar = tar;
            let mut records = Vec::new();
            if path.len() > 100 || !path.is_ascii() {
                records.push(("path", path.as_str()));
            }
            if member.link.len() > 100 {
                records.push(("linkpath", member.link.as_str()));
            }
            if !records.is_empty() {
                tar = tar.pax(&records);
            }
            let short = |text: &str| text.chars().filter(char::is_ascii).take(100).collect::<String>();
            let header = Header::new(member.kind, &short(&path), member.content.len() as u64);
            tar.header(header.mode(member.mode).link(&short(&member.link))).body(&member.content)
        })
    }

    /// A zip of the same files; links have no place in it.
    pub fn zip(&self) -> Vec<u8> {
        let item = |member: &Member| {
            let path = format!("r/{}", member.path);
            match member.kind {
                b'5' => Item::folder(&format!("{path}/")),
                _ => Item::deflated(&path, &member.content).mode(0o100_000 | member.mode as u32),
            }
        };
        let items = self.0.iter().map(item);
        Zip::of(&std::iter::once(Item::folder("r/")).chain(items).collect::<Vec<_>>())
    }

    /// Writes them into a repository's work tree.
    pub fn check_out(&self, repo: &Repo) {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        for member in &self.0 {
            let path = repo.path().join(&member.path);
            match member.kind {
                b'2' => symlink(&member.link, path).unwrap(),
                b'5' => std::fs::create_dir_all(path).unwrap(),
                _ => {
                    repo.write(&member.path, &member.content);
                    let mode = std::fs::Permissions::from_mode(member.mode as u32);
                    std::fs::set_permissions(path, mode).unwrap();
                }
            }
        }
    }
}

/// A project as the attacks want it: with attributes, ignore files, an
/// executable, a link and folders.
pub fn sample() -> Members {
    Members(vec![
        Member::file(".gitattributes", "*.h ident\n*.bat text eol=crlf\n"),
        Member::file(".gitignore", "*.egg-info/\n*.so\n*.o\n/aclocal.m4\n/configure\n"),
        Member::file("README", "Hello.\n"),
        Member::executable("build.sh", "#!/bin/sh\nmake\n"),
        Member::file("configure.ac", "AC_INIT([r], [1])\ngl_BUILD_TO_HOST\nAC_OUTPUT\n"),
        Member::link("link.c", "src/main.c"),
        Member::folder("m4"),
        Member::file("m4/.gitignore", "build-to-host.m4\n"),
        Member::file("m4/ok.m4", "dnl nothing\n"),
        Member::folder("src"),
        Member::file("src/main.c", "int main(void) { return 0; }\n"),
        Member::file("src/other.c", "int other(void) { return 1; }\n"),
        Member::file("src/version.h", "static const char id[] = \"$Id$\";\n"),
    ])
}
