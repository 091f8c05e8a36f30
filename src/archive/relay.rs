//! A reader on one thread and its sink on another, for zip: reading and
//! unpacking overlap with what the sink does (hashing).

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use super::entry::{Entry, Sink, Stop};
use super::error::ArchiveError;
use super::input::BUFFER;

/// Batches that may wait between the threads.
const WAITING: usize = 4;
/// Entries that go into one batch, however small they are.
const EVENTS: usize = 256;

enum Event {
    Begin(Entry),
    /// So many of the batch's bytes.
    Data(usize),
    End,
}

#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    bytes: Vec<u8>,
}

/// Runs `read` on a thread of its own and hands what it finds to `sink` on
/// this one, in the same order.
///
/// # Errors
/// What `read` says, once the sink has seen what came before; if the sink
/// stopped, [`ArchiveError::Stopped`].
pub(super) fn relayed<T: Send>(
    sink: &mut dyn Sink,
    read: impl FnOnce(&mut dyn Sink) -> Result<T, ArchiveError> + Send,
) -> Result<T, ArchiveError> {
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(WAITING);
        let reader = thread::Builder::new().name("unzip".into()).spawn_scoped(scope, move || {
            let mut relay = Relay { batch: Batch::default(), sender };
            let result = read(&mut relay);
            // If nobody listens, the sink has stopped and that is the result.
            let _ = relay.flush();
            result
        })?;
        let stopped = batches.iter().find_map(|batch| replay(&batch, sink).err());
        drop(batches);
        let result = match reader.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        match stopped {
            Some(stop) => Err(stop.into()),
            None => result,
        }
    })
}

fn replay(batch: &Batch, sink: &mut dyn Sink) -> Result<(), Stop> {
    let mut bytes = batch.bytes.as_slice();
    for event in &batch.events {
        match event {
            Event::Begin(entry) => sink.begin(entry)?,
            Event::Data(count) => {
                let (chunk, rest) = bytes.split_at_checked(*count).unwrap_or((bytes, &[]));
                bytes = rest;
                sink.data(chunk)?;
            }
            Event::End => sink.end()?,
        }
    }
    Ok(())
}

/// The sink on the reader's side.
struct Relay {
    batch: Batch,
    sender: SyncSender<Batch>,
}

impl Relay {
    fn push(&mut self, event: Event) -> Result<(), Stop> {
        self.batch.events.push(event);
        if self.batch.events.len() < EVENTS && self.batch.bytes.len() < BUFFER {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Stop> {
        self.sender.send(std::mem::take(&mut self.batch)).map_err(|_| Stop)
    }
}

impl Sink for Relay {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.push(Event::Begin(entry.clone()))
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        self.batch.bytes.extend_from_slice(chunk);
        self.push(Event::Data(chunk.len()))
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.push(Event::End)
    }
}
