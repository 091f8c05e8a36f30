//! What is going on, for a person who waits: only on a terminal.

use std::io::{IsTerminal as _, Write as _};

/// One line to standard error, if a person is looking.
pub(super) fn say(what: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(stderr, "countersign: {what}");
    }
}
