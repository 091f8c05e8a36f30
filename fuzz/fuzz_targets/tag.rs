//! Tag objects.
#![no_main]

use countersign::release::tag::{Identity, Signature, parse_tag};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let tag = parse_tag(data);
    if let Signature::OpenPgp(block) = &tag.signature {
        // What was signed and the signature are parts of the object; a header
        // signature for the other hash function may be cut out of it.
        assert!(tag.payload.len() + block.len() <= data.len());
    }
    tag.signature.refusal();
    Identity::parse(data);
});
