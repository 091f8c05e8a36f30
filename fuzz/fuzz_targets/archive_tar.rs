//! The tar reader. Half of the runs repair the checksums first, which a
//! fuzzer does not find by itself.
#![no_main]

use countersign::archive::{self, Format};
use countersign_fuzz::{Strict, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, tar)) = data.split_first() else { return };
    let mut tar = tar.to_vec();
    if choice & 1 == 1 {
        tar.chunks_exact_mut(512).filter(|block| block[257..].starts_with(b"ustar")).for_each(repair);
    }
    let mut sink = Strict::default();
    let result = archive::read(Format::Tar, &tar[..], &limits(), &mut sink);
    sink.finish(result);
});

fn repair(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}
