//! gzip, xz, bzip2 and zstd: the first byte says which.
#![no_main]

use countersign::archive::{self, Format};
use countersign_fuzz::{Strict, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, packed)) = data.split_first() else { return };
    let format = match choice % 4 {
        0 => Format::TarGz,
        1 => Format::TarXz,
        2 => Format::TarBz2,
        _ => Format::TarZst,
    };
    let mut sink = Strict::default();
    let result = archive::read(format, packed, &limits(), &mut sink);
    sink.finish(result);
});
