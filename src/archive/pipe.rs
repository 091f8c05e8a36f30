//! Two threads: one unpacks, the other parses and hashes.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::error::ArchiveError;
use super::source::Source;

/// Full buffers that may wait between the threads. With one being filled and
/// one being read this bounds what travels; more would not make it faster.
const WAITING: usize = 4;

/// Runs `consume` on this thread while `source` is filled on another.
///
/// Buffers and errors arrive in the order in which they were made, so the
/// result does not depend on how the threads run. If `consume` returns early
/// the other thread stops at its next buffer.
///
/// # Errors
/// [`ArchiveError::Io`] if no thread can be had; else what `consume` says.
pub(super) fn overlapped<S: Source + Send, T>(
    source: S,
    consume: impl FnOnce(Piped) -> Result<T, ArchiveError>,
) -> Result<T, ArchiveError> {
    thread::scope(|scope| {
        let (full, ready) = sync_channel(WAITING);
        let (empty, used) = sync_channel(WAITING + 2);
        thread::Builder::new()
            .name("unpack".into())
            .spawn_scoped(scope, move || produce(source, &full, &used))?;
        consume(Piped { ready, empty })
    })
}

type Message = Result<Vec<u8>, ArchiveError>;

fn produce(mut source: impl Source, full: &SyncSender<Message>, used: &Receiver<Vec<u8>>) {
    loop {
        let mut buffer = used.try_recv().unwrap_or_default();
        let message = source.fill(&mut buffer).map(|()| buffer);
        let last = message.as_ref().map_or(true, Vec::is_empty);
        // The other side hangs up when it has found a defect.
        if full.send(message).is_err() || last {
            return;
        }
    }
}

/// The reading end.
pub(super) struct Piped {
    ready: Receiver<Message>,
    empty: SyncSender<Vec<u8>>,
}

impl Source for Piped {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError> {
        let old = std::mem::take(buffer);
        if old.capacity() > 0 {
            // A full return channel only means that the buffer is dropped.
            let _ = self.empty.try_send(old);
        }
        // A hung-up producer has sent its end before: nothing follows.
        *buffer = self.ready.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::error::Fault;

    /// Gives `left` buffers, then ends as told.
    struct Counter {
        left: u32,
        fail: bool,
    }

    impl Source for Counter {
        fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError> {
            buffer.clear();
            if self.left > 0 {
                buffer.extend(self.left.to_le_bytes());
                self.left -= 1;
            } else if self.fail {
                return Err(Fault::new("archive-corrupt", "x").at(0));
            }
            Ok(())
        }
    }

    fn drain(mut piped: Piped) -> Result<u32, ArchiveError> {
        let (mut buffer, mut count) = (Vec::new(), 0);
        loop {
            piped.fill(&mut buffer)?;
            if buffer.is_empty() {
                return Ok(count);
            }
            count += 1;
        }
    }

    #[test]
    fn everything_arrives_in_order_and_ends() {
        assert_eq!(overlapped(Counter { left: 1000, fail: false }, drain).unwrap(), 1000);
    }

    #[test]
    fn an_error_arrives_after_what_was_good() {
        let mut seen = 0;
        let result: Result<(), _> = overlapped(Counter { left: 10, fail: true }, |mut piped| {
            let mut buffer = Vec::new();
            loop {
                piped.fill(&mut buffer)?;
                seen += 1;
            }
        });
        assert!(matches!(result, Err(ArchiveError::Defect(_))));
        assert_eq!(seen, 10);
    }

    #[test]
    fn a_reader_that_leaves_early_does_not_hang() {
        let count = overlapped(Counter { left: u32::MAX, fail: false }, |mut piped| {
            let mut buffer = Vec::new();
            piped.fill(&mut buffer).map(|()| buffer.len())
        });
        assert_eq!(count.unwrap(), 4);
    }
}
