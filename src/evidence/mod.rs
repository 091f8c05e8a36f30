//! The comparison: each path of the artifact and of the tag's tree ends with
//! exactly one explanation, or with a finding.
//!
//! Pure: facts come in, explanations and findings go out. The archive is a
//! stream, so facts arrive one at a time and a file that is identical to git
//! leaves nothing behind but a mark.
//!
//! Each kind of evidence has a file of its own; a preset, under `presets`,
//! says which kinds hold for which paths of a packaging tool. `docs/evidence.md`
//! describes them for users.

mod cargo;
pub mod case;
pub mod catalogue;
pub mod compare;
pub mod converted;
mod dereferenced;
pub mod derived;
mod difference;
mod exact;
pub mod explain;
pub mod given;
mod identical;
mod json;
mod omitted;
mod pinned;
pub mod presets;
mod python;
pub mod rebuilt;
mod same_as;
mod shown;
mod submodule;
#[cfg(test)]
pub(crate) mod testing;
mod unverified;

pub use case::{Identity, Origin, Unavailable};
pub use compare::{Comparison, Fact, Question, Unexplained, Verdict};
pub use explain::{Explanation, Level};
