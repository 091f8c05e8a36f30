//! The id that git gives to a file's content, computed from a stream.

use super::ObjectId;
use sha2::Digest as _;

/// The hash function of a repository (gitformat-hash-function-transition).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectFormat {
    /// 20 bytes; computed with detection of the known collision attacks.
    Sha1,
    /// 32 bytes.
    Sha256,
}

impl ObjectFormat {
    /// The format that an id belongs to.
    pub fn of(id: &ObjectId) -> Self {
        match id {
            ObjectId::Sha1(_) => Self::Sha1,
            ObjectId::Sha256(_) => Self::Sha256,
        }
    }

    /// Bytes of an id: 20 or 32.
    pub fn id_length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// As git writes it in `extensions.objectFormat`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// The content was made to collide under SHA-1: its id says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content bears the marks of a SHA-1 collision attack")]
pub struct Collision;

/// Computes a blob id: the hash over `blob SIZE`, a NUL and the content
/// (gitformat-pack, "object types").
#[derive(Debug)]
pub struct BlobHasher(State);

#[derive(Debug)]
enum State {
    // Boxed: the detecting hasher keeps the whole message schedule.
    Sha1(Box<sha1_checked::Sha1>),
    Sha256(sha2::Sha256),
}

impl BlobHasher {
    /// Starts with the size of the content to come, in bytes.
    pub fn new(format: ObjectFormat, size: u64) -> Self {
        let mut hasher = Self(match format {
            ObjectFormat::Sha1 => State::Sha1(Box::default()),
            ObjectFormat::Sha256 => State::Sha256(sha2::Sha256::new()),
        });
        hasher.update(format!("blob {size}\0").as_bytes());
        hasher
    }

    /// Adds content.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(hasher) => hasher.update(bytes),
            State::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// The id.
    ///
    /// # Errors
    /// [`Collision`] if the content was made for a SHA-1 collision.
    pub fn finish(self) -> Result<ObjectId, Collision> {
        match self.0 {
            State::Sha256(hasher) => Ok(ObjectId::Sha256(hasher.finalize().into())),
            State::Sha1(hasher) => {
                let result = hasher.try_finalize();
                if result.has_collision() {
                    return Err(Collision);
                }
                Ok(ObjectId::Sha1((*result.hash()).into()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(format: ObjectFormat, content: &str) -> String {
        let mut hasher = BlobHasher::new(format, content.len() as u64);
        hasher.update(content.as_bytes());
        hasher.finish().unwrap().to_string()
    }

    #[test]
    fn ids_are_those_of_git_hash_object() {
        assert_eq!(id(ObjectFormat::Sha1, ""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(id(ObjectFormat::Sha1, "hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        let empty = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
        assert_eq!(id(ObjectFormat::Sha256, ""), empty);
    }
}
