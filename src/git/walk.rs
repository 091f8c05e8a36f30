//! Commits in `git log`'s order, read ahead by a thread of its own.
//!
//! The reader inflates and finds the parents; whoever asks for the commits
//! hashes them and takes them apart meanwhile. So the order is made of bytes
//! that nobody has hashed yet, but none of them gets out unhashed, and the
//! first that has another id ends the walk.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::GitError;
use super::commit::Links;
use super::objects::{MAX_COMMIT, Objects};
use crate::release::ObjectId;

/// Commit bytes kept for commits that are known but not in their turn yet;
/// beyond it they are read again. Real histories need some hundred kilobytes.
const MAX_WAITING: usize = 16 << 20;
/// Commits handed over at once,
const BATCH: usize = 64;
/// or fewer if they have this many bytes together.
const BATCH_BYTES: usize = 128 << 10;
/// Batches that the reader may be ahead.
const AHEAD: usize = 8;

/// A commit's bytes, not hashed yet.
pub(super) type Raw = (ObjectId, Arc<Vec<u8>>);

/// Some commits, and how the walk ended if they are the last.
#[derive(Debug)]
struct Batch {
    commits: Vec<Raw>,
    end: Option<Result<(), GitError>>,
}

/// All ancestors of a commit and itself. The hashes are the caller's to check.
#[derive(Debug)]
pub(super) struct Walk {
    batches: Receiver<Batch>,
    reader: Option<JoinHandle<()>>,
    batch: std::vec::IntoIter<Raw>,
    end: Option<Result<(), GitError>>,
}

impl Walk {
    /// # Errors
    /// If the first commit cannot be read, or no thread can be had.
    pub fn start(objects: Arc<Objects>, tip: &ObjectId) -> Result<Self, GitError> {
        let ordered = Ordered::new(objects, tip)?;
        let (sender, batches) = sync_channel(AHEAD);
        let reader = Builder::new().name("history".into()).spawn(move || send_all(ordered, &sender));
        let reader = reader.map_err(|source| GitError::NoThread { source })?;
        Ok(Self { batches, reader: Some(reader), batch: Vec::new().into_iter(), end: None })
    }

    fn refill(&mut self) {
        let batch = match self.batches.recv() {
            Ok(batch) => batch,
            // The reader says how it ended unless it panicked.
            Err(_) => match self.reader.take().map(JoinHandle::join) {
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                _ => unreachable!("the reader ended without a word"),
            },
        };
        self.batch = batch.commits.into_iter();
        self.end = batch.end;
    }
}

impl Iterator for Walk {
    type Item = Result<Raw, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(raw) = self.batch.next() {
                return Some(Ok(raw));
            }
            match std::mem::take(&mut self.end) {
                Some(end) => {
                    self.end = Some(Ok(()));
                    return end.err().map(Err);
                }
                None => self.refill(),
            }
        }
    }
}

fn send_all(mut ordered: Ordered, sender: &SyncSender<Batch>) {
    loop {
        let batch = ordered.batch();
        let last = batch.end.is_some();
        // An error means that nobody wants more.
        if sender.send(batch).is_err() || last {
            return;
        }
    }
}

/// A commit that waits for its turn: the youngest comes first, of those with
/// one date the one that was found first.
type Waiting = (u64, Reverse<u64>, ObjectId);

/// The order itself.
struct Ordered {
    objects: Arc<Objects>,
    seen: HashSet<ObjectId>,
    waiting: BinaryHeap<Waiting>,
    known: HashMap<ObjectId, (Arc<Vec<u8>>, Vec<ObjectId>)>,
    known_bytes: usize,
}

impl Ordered {
    fn new(objects: Arc<Objects>, tip: &ObjectId) -> Result<Self, GitError> {
        let mut ordered = Self {
            objects,
            seen: HashSet::new(),
            waiting: BinaryHeap::new(),
            known: HashMap::new(),
            known_bytes: 0,
        };
        ordered.find(tip)?;
        Ok(ordered)
    }

    fn batch(&mut self) -> Batch {
        let mut commits = Vec::with_capacity(BATCH);
        let mut bytes = 0;
        while commits.len() < BATCH && bytes < BATCH_BYTES {
            match self.step() {
                Some(Ok(raw)) => {
                    bytes += raw.1.len();
                    commits.push(raw);
                }
                Some(Err(error)) => return Batch { commits, end: Some(Err(error)) },
                None => return Batch { commits, end: Some(Ok(())) },
            }
        }
        Batch { commits, end: None }
    }

    fn step(&mut self) -> Option<Result<Raw, GitError>> {
        let (_, _, id) = self.waiting.pop()?;
        Some(self.show(id))
    }

    fn show(&mut self, id: ObjectId) -> Result<Raw, GitError> {
        let (raw, parents) = match self.known.remove(&id) {
            Some((raw, parents)) => {
                self.known_bytes -= raw.len();
                (raw, parents)
            }
            None => {
                let raw = self.objects.commit_unhashed(&id, MAX_COMMIT)?;
                let parents = Links::parse(&id, &raw)?.parents;
                (raw, parents)
            }
        };
        for parent in &parents {
            self.find(parent)?;
        }
        Ok((id, raw))
    }

    /// Puts a commit in its place among the waiting ones.
    fn find(&mut self, id: &ObjectId) -> Result<(), GitError> {
        if !self.seen.insert(*id) {
            return Ok(());
        }
        let raw = self.objects.commit_unhashed(id, MAX_COMMIT)?;
        let links = Links::parse(id, &raw)?;
        self.waiting.push((links.date, Reverse(self.seen.len() as u64), *id));
        if self.known_bytes + raw.len() <= MAX_WAITING {
            self.known_bytes += raw.len();
            self.known.insert(*id, (raw, links.parents));
        }
        Ok(())
    }
}
