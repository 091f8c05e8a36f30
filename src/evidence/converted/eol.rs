//! Line ends: git's convert.c, as of 2.10 (2016) and later, on a system whose
//! own line end is LF and without any configuration.

use super::Settings;
use crate::release::AttributeState as State;

/// git's `crlf_action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Undefined,
    Binary,
    Text,
    Input,
    Crlf,
    Auto,
    AutoInput,
    AutoCrlf,
}

/// `git_path_check_crlf`
fn text(state: Option<&State>) -> Action {
    match state {
        Some(State::Set) => Action::Text,
        Some(State::Unset) => Action::Binary,
        Some(State::Value(value)) if value == b"input" => Action::Input,
        Some(State::Value(value)) if value == b"auto" => Action::Auto,
        Some(State::Value(_)) | None => Action::Undefined,
    }
}

/// `convert_attrs`
fn action(settings: &Settings) -> Action {
    let action = match text(settings.text.as_ref()) {
        Action::Undefined => text(settings.crlf.as_ref()),
        action => action,
    };
    let eol = match &settings.eol {
        Some(State::Value(value)) => value.as_slice(),
        _ => b"",
    };
    match (action, eol) {
        (Action::Binary, _) => Action::Binary,
        (Action::Auto, b"lf") => Action::AutoInput,
        (Action::Auto, b"crlf") => Action::AutoCrlf,
        (_, b"lf") => Action::Input,
        (_, b"crlf") => Action::Crlf,
        (action, _) => action,
    }
}

/// Whether line ends of some content may become CRLF.
pub(super) fn writes_crlf(settings: &Settings) -> bool {
    matches!(action(settings), Action::Crlf | Action::AutoCrlf)
}

/// `gather_stats`
#[derive(Debug, Default)]
struct Stats {
    nul: usize,
    lone_cr: usize,
    lone_lf: usize,
    crlf: usize,
    printable: usize,
    nonprintable: usize,
}

impl Stats {
    fn of(bytes: &[u8]) -> Self {
        let mut stats = Self::default();
        let mut rest = bytes.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            match byte {
                b'\r' if rest.peek() == Some(&b'\n') => {
                    rest.next();
                    stats.crlf += 1;
                }
                b'\r' => stats.lone_cr += 1,
                b'\n' => stats.lone_lf += 1,
                // Backspace, tab, escape and form feed.
                0x08 | b'\t' | 0x1b | 0x0c => stats.printable += 1,
                0 => {
                    stats.nul += 1;
                    stats.nonprintable += 1;
                }
                0x01..=0x1f | 0x7f => stats.nonprintable += 1,
                _ => stats.printable += 1,
            }
        }
        // An end-of-file mark of DOS at the end.
        if bytes.last() == Some(&0x1a) {
            stats.nonprintable -= 1;
        }
        stats
    }

    /// `convert_is_binary`
    fn binary(&self) -> bool {
        self.lone_cr > 0 || self.nul > 0 || self.printable >> 7 < self.nonprintable
    }
}

/// `crlf_to_worktree`: the content with CRLF, or `None` if it stays.
pub(super) fn convert(settings: &Settings, bytes: &[u8]) -> Option<Vec<u8>> {
    let action = action(settings);
    if !matches!(action, Action::Crlf | Action::AutoCrlf) {
        return None;
    }
    let stats = Stats::of(bytes);
    if stats.lone_lf == 0 {
        return None;
    }
    // Content found to be text by its looks stays as it is once it holds any
    // CR ("the new safer autocrlf handling").
    if action == Action::AutoCrlf && (stats.lone_cr > 0 || stats.crlf > 0 || stats.binary()) {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len() + stats.lone_lf);
    let mut last = 0;
    for byte in bytes {
        if *byte == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        last = *byte;
    }
    Some(out)
}
