//! What was lately read from packs.

use std::sync::Arc;

use super::Place;
use crate::git::objects::Kind;

type Held = (Place, Kind, Arc<Vec<u8>>);

/// Objects lately read, because the next one is often a delta on them: one
/// for each of a number of slots, the latest.
#[derive(Default)]
pub(super) struct Known {
    slots: Vec<Option<Held>>,
    bytes: usize,
}

impl Known {
    const SLOTS: usize = 4096;
    const MAX_BYTES: usize = 4 << 20;
    const MAX_EACH: usize = 64 << 10;

    fn slot(place: Place) -> usize {
        // Neighbours in a pack lie some hundred bytes apart.
        (place.offset as usize ^ (place.offset >> 12) as usize ^ place.pack) % Self::SLOTS
    }

    pub fn get(&self, place: Place) -> Option<(Kind, Arc<Vec<u8>>)> {
        match self.slots.get(Self::slot(place)) {
            Some(Some((held, kind, bytes))) if *held == place => Some((*kind, Arc::clone(bytes))),
            _ => None,
        }
    }

    pub fn put(&mut self, place: Place, kind: Kind, bytes: &Arc<Vec<u8>>) {
        if bytes.len() > Self::MAX_EACH {
            return;
        }
        if self.slots.is_empty() || self.bytes + bytes.len() > Self::MAX_BYTES {
            self.slots.clear();
            self.slots.resize_with(Self::SLOTS, || None);
            self.bytes = 0;
        }
        if let Some(slot) = self.slots.get_mut(Self::slot(place)) {
            self.bytes += bytes.len();
            if let Some((_, _, old)) = slot.replace((place, kind, Arc::clone(bytes))) {
                self.bytes -= old.len();
            }
        }
    }
}
