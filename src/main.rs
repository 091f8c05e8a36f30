//! Placeholder while the rooms are built.
fn main() {}
