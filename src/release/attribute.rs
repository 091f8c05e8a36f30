//! The state of a path's attribute (gitattributes(5)).

/// What an attribute is set to. One that no rule mentions, or that `!name`
/// takes back, is unspecified and has no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeState {
    /// `name`
    Set,
    /// `-name`
    Unset,
    /// `name=value`
    Value(Vec<u8>),
}
