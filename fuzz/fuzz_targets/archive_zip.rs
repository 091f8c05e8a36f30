//! The zip reader.
#![no_main]

use std::io::Cursor;

use countersign::archive;
use countersign_fuzz::{Strict, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut sink = Strict::default();
    let result = archive::read_zip(Cursor::new(data), &limits(), &mut sink);
    sink.finish(result);
});
