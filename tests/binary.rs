//! The binary itself: static, small, quick to start.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::Command;

/// What `file` and the ELF headers say of it: no interpreter, no needed library.
#[test]
fn the_release_binary_is_static_and_below_eight_mebibytes() {
    let Some(path) = std::env::var_os("COUNTERSIGN_BIN") else {
        // `make test` names the release build; a bare `cargo test` has only
        // the development one, which is as static but not stripped.
        return assert_static(&support::helper());
    };
    assert_static(path.as_ref());
    let size = fs::metadata(&path).unwrap().len();
    assert!(size < 8 << 20, "{size} bytes");
}

fn assert_static(path: &std::path::Path) {
    let elf = fs::read(path).unwrap();
    assert_eq!(&elf[..5], b"\x7fELF\x02", "a 64-bit ELF file");
    let (table, size, count) = (number(&elf, 32, 8), number(&elf, 54, 2), number(&elf, 56, 2));
    let headers: Vec<_> = (0..count).map(|index| table + index * size).collect();
    for header in &headers {
        // PT_INTERP names the dynamic loader; a static program has none.
        assert_ne!(number(&elf, *header, 4), 3, "it asks for a dynamic loader");
        // PT_DYNAMIC of a static-pie has relocations, but no DT_NEEDED.
        if number(&elf, *header, 4) == 2 {
            let (start, length) = (number(&elf, header + 8, 8), number(&elf, header + 32, 8));
            let needed = (start..start + length).step_by(16).any(|entry| number(&elf, entry, 8) == 1);
            assert!(!needed, "it needs a shared library");
        }
    }
}

fn number(bytes: &[u8], at: usize, size: usize) -> usize {
    bytes[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// No library, no configuration, nothing of the user's: what it opens on the
/// way to its version is nothing.
#[test]
fn starting_opens_no_file() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let status = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=openat,open,execve,connect,socket", "-o"])
        .arg(log.path())
        .arg(support::helper())
        .arg("--version")
        .output()
        .expect("strace is installed")
        .status;
    assert!(status.success());
    let opened = fs::read_to_string(log.path()).unwrap();
    let lines: Vec<&str> = opened.lines().filter(|line| !line.contains("execve(")).collect();
    // The runtime looks at its own stack limits.
    let odd: Vec<_> = lines.iter().filter(|line| !line.contains("/proc/self/maps")).collect();
    assert!(odd.is_empty(), "{odd:?}");
}
