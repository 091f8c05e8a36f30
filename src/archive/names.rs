//! Every path of an archive, kept small: finds duplicates, spellings that
//! some file system takes for the same, and things below non-folders.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::codes;
use super::error::Fault;
use super::fold::fold;
use super::limits::Limits;
use crate::release::TreePath;

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// A folder that has an entry of its own.
    Directory,
    /// A folder only named within a path so far.
    Implied,
    /// A file, and whether it is executable.
    File { executable: bool },
    /// A symbolic or hard link.
    Link,
}

/// What is kept of a path: 25 bytes, whatever its length.
///
/// The hashes are keyed with a secret of this process, so nobody can prepare
/// paths that meet by chance: 128 bits find the folded path, 64 more tell the
/// spellings of one folded path apart.
struct Seen {
    spelling: [u8; 8],
    node: Node,
}

type Key = [u8; 16];

/// The paths seen so far.
pub(super) struct Names {
    seen: HashMap<Key, Seen>,
    keys: [RandomState; 3],
    most: u64,
    longest: usize,
    /// Folder of the path before, whose ancestors are known to be sound.
    last_parent: Vec<u8>,
    scratch: Vec<u8>,
}

impl Names {
    pub fn new(limits: &Limits) -> Self {
        Self {
            seen: HashMap::new(),
            keys: [RandomState::new(), RandomState::new(), RandomState::new()],
            most: limits.entries,
            longest: limits.path,
            last_parent: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Whether `path` is safe to think about at all.
    pub fn check(&self, path: &TreePath) -> Result<(), Fault> {
        let bytes = path.as_bytes();
        if bytes.len() > self.longest {
            let message = format!("the path has {} bytes; at most {} are allowed", bytes.len(), self.longest);
            return Err(Fault::new(codes::PATH_LENGTH, message));
        }
        if let Some(defect) = path.defect() {
            return Err(Fault::new(codes::PATH, format!("the path {defect}")));
        }
        if bytes.split(|byte| *byte == b'/').any(|part| part.len() > Limits::NAME) {
            let message = format!("a name in the path has more than {} bytes", Limits::NAME);
            return Err(Fault::new(codes::PATH_LENGTH, message));
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(_) => Err(Fault::new(codes::PATH_ENCODING, "the path is not UTF-8")),
        }
    }

    /// Notes a new path. It must have passed [`Self::check`].
    pub fn insert(&mut self, path: &TreePath, node: Node) -> Result<(), Fault> {
        let bytes = path.as_bytes();
        self.parents(bytes)?;
        let (key, spelling) = self.hash(bytes);
        let Some(seen) = self.seen.get_mut(&key) else {
            return self.add(key, Seen { spelling, node });
        };
        if seen.spelling != spelling {
            return Err(twin());
        }
        match (seen.node, node) {
            (Node::Implied, Node::Directory) => {
                seen.node = Node::Directory;
                Ok(())
            }
            (Node::Implied, _) => {
                Err(Fault::new(codes::PATH_CONFLICT, "is not a folder, but earlier entries lie below it"))
            }
            _ => Err(Fault::new(
                codes::DUPLICATE,
                "a second entry with this path: readers differ on which one counts",
            )),
        }
    }

    /// What an earlier entry put at exactly this path.
    pub fn get(&mut self, path: &TreePath) -> Option<Node> {
        let (key, spelling) = self.hash(path.as_bytes());
        self.seen.get(&key).filter(|seen| seen.spelling == spelling).map(|seen| seen.node)
    }

    /// Makes sure that everything above `bytes` is a folder, and notes those
    /// folders that no entry has named. They count against the limit, which
    /// bounds what very deep paths can cost.
    fn parents(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Some(parent) = parent_of(bytes) else { return Ok(()) };
        if parent == self.last_parent {
            return Ok(());
        }
        let mut missing = Vec::new();
        let mut next = Some(parent);
        while let Some(folder) = next {
            let (key, spelling) = self.hash(folder);
            match self.seen.get(&key) {
                None => missing.push((key, spelling)),
                Some(seen) if seen.spelling != spelling => return Err(twin()),
                // Folders that are known have sound folders above them.
                Some(Seen { node: Node::Directory | Node::Implied, .. }) => break,
                Some(_) => {
                    let message = format!("lies below {}, which is not a folder", TreePath::new(folder));
                    return Err(Fault::new(codes::PATH_CONFLICT, message));
                }
            }
            next = parent_of(folder);
        }
        for (key, spelling) in missing {
            self.add(key, Seen { spelling, node: Node::Implied })?;
        }
        self.last_parent = parent.to_vec();
        Ok(())
    }

    fn add(&mut self, key: Key, seen: Seen) -> Result<(), Fault> {
        if self.seen.len() as u64 >= self.most {
            return Err(Fault::new(
                codes::TOO_MANY,
                format!("the archive holds more than {} paths", self.most),
            ));
        }
        self.seen.insert(key, seen);
        Ok(())
    }

    fn hash(&mut self, bytes: &[u8]) -> (Key, [u8; 8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => fold(text, &mut self.scratch),
            Err(_) => bytes.clone_into(&mut self.scratch),
        }
        let [first, second, exact] = &self.keys;
        let low = digest(first, &self.scratch);
        let high = digest(second, &self.scratch);
        let key = u128::from(low) << 64 | u128::from(high);
        (key.to_ne_bytes(), digest(exact, bytes).to_ne_bytes())
    }
}

fn digest(key: &RandomState, bytes: &[u8]) -> u64 {
    let mut hasher = key.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

fn parent_of(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    path.get(..slash)
}

fn twin() -> Fault {
    Fault::new(
        codes::TWIN,
        "an earlier path, or a folder of one, differs from this only in letter case or Unicode form: \
         on many systems they are one file",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Node = Node::File { executable: false };

    /// The code of the first path that is refused.
    fn feed(entries: &[(&str, Node)]) -> Option<&'static str> {
        let mut names = Names::new(&Limits::default());
        entries.iter().find_map(|(path, node)| {
            let path = TreePath::from(*path);
            names.check(&path).and_then(|()| names.insert(&path, *node)).err().map(|fault| fault.code)
        })
    }

    #[test]
    fn honest_orders_are_taken() {
        let dir = Node::Directory;
        assert_eq!(feed(&[("r", dir), ("r/a", FILE), ("r/s", dir), ("r/s/b", FILE)]), None);
        assert_eq!(feed(&[("r/s/b", FILE), ("r/a", FILE), ("r/s/c", FILE)]), None, "no folders");
        assert_eq!(feed(&[("r/s/b", FILE), ("r/s", dir), ("r", dir)]), None, "folders last");
        assert_eq!(feed(&[("r/ab", FILE), ("r/a", FILE), ("r/a.b", FILE)]), None);
    }

    #[test]
    fn duplicates_are_refused() {
        let dir = Node::Directory;
        assert_eq!(feed(&[("r/a", FILE), ("r/a", FILE)]), Some(codes::DUPLICATE));
        assert_eq!(feed(&[("r", dir), ("r", dir)]), Some(codes::DUPLICATE));
        assert_eq!(feed(&[("r/a", Node::Link), ("r/a", FILE)]), Some(codes::DUPLICATE), "file after symlink");
        assert_eq!(feed(&[("r/s/b", FILE), ("r/s", dir), ("r/s", dir)]), Some(codes::DUPLICATE));
        assert_eq!(feed(&[("r", dir), ("r", FILE)]), Some(codes::DUPLICATE));
    }

    #[test]
    fn nothing_lies_below_a_link_or_file() {
        assert_eq!(feed(&[("r/a", Node::Link), ("r/a/b", FILE)]), Some(codes::PATH_CONFLICT));
        assert_eq!(feed(&[("r/a", FILE), ("r/a/b/c", FILE)]), Some(codes::PATH_CONFLICT));
        assert_eq!(feed(&[("r/a/b", FILE), ("r/a", Node::Link)]), Some(codes::PATH_CONFLICT));
        assert_eq!(feed(&[("r/a/b", FILE), ("r/a", FILE)]), Some(codes::PATH_CONFLICT));
    }

    #[test]
    fn twins_are_found_in_files_and_in_folders() {
        assert_eq!(feed(&[("r/README", FILE), ("r/readme", FILE)]), Some(codes::TWIN));
        assert_eq!(feed(&[("r/Lib/a", FILE), ("r/lib/b", FILE)]), Some(codes::TWIN), "implied folders");
        assert_eq!(feed(&[("r/Lib", Node::Directory), ("r/lib/b", FILE)]), Some(codes::TWIN));
        assert_eq!(feed(&[("r/lib", Node::Link), ("r/LIB/b", FILE)]), Some(codes::TWIN));
        assert_eq!(feed(&[("r/\u{e9}", FILE), ("r/e\u{301}", FILE)]), Some(codes::TWIN), "NFC and NFD");
    }

    #[test]
    fn bad_paths_have_their_codes() {
        assert_eq!(feed(&[("../x", FILE)]), Some(codes::PATH));
        assert_eq!(feed(&[("r/.GIT/config", FILE)]), Some(codes::PATH));
        let long = format!("r/{}", "a".repeat(256));
        assert_eq!(feed(&[(&long, FILE)]), Some(codes::PATH_LENGTH));
        let deep = "a/".repeat(2048) + "a";
        assert_eq!(feed(&[(&deep, FILE)]), Some(codes::PATH_LENGTH));
        let names = Names::new(&Limits::default());
        let fault = names.check(&TreePath::new(&b"r/\xff"[..])).unwrap_err();
        assert_eq!(fault.code, codes::PATH_ENCODING);
    }

    #[test]
    fn deep_paths_count_every_folder() {
        let limits = Limits { entries: 100, ..Limits::default() };
        let mut names = Names::new(&limits);
        let deep = TreePath::from(("a/".repeat(100) + "x").as_str());
        assert_eq!(names.insert(&deep, FILE).unwrap_err().code, codes::TOO_MANY);
    }

    #[test]
    fn what_is_kept_of_a_path_is_small() {
        assert!(size_of::<(Key, Seen)>() <= 26);
    }

    #[test]
    fn get_wants_the_exact_spelling() {
        let mut names = Names::new(&Limits::default());
        names.insert(&"r/a".into(), FILE).unwrap();
        assert_eq!(names.get(&"r/a".into()), Some(FILE));
        assert_eq!(names.get(&"r/A".into()), None);
        assert_eq!(names.get(&"r".into()), Some(Node::Implied));
    }
}
