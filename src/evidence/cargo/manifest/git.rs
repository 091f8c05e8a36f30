//! What git's manifest leaves to its workspace and to the files around it.

use super::{INHERITABLE, READMES, Stop, default_resolver, edition, refers, shown};
use crate::evidence::cargo::value::Table;
use crate::evidence::cargo::value::Value;
use crate::evidence::cargo::workspace::{Manifests, join, normal, package};
use crate::evidence::case::Case;
use crate::release::TreePath;

/// A file that a manifest names: the key, the folder that the path counts
/// from, and the path.
pub(super) struct Named {
    pub(super) key: &'static str,
    pub(super) base: Vec<u8>,
    pub(super) path: String,
}

/// git's manifest in its surroundings.
pub(super) struct Git<'g> {
    pub(super) case: &'g Case<'g>,
    pub(super) manifests: &'g Manifests,
}

impl<'g> Git<'g> {
    pub(super) fn package(&self) -> Result<&'g Table, Stop> {
        let own = package(&self.manifests.own);
        own.ok_or_else(|| Stop::Undecided("git's manifest in the subdirectory has no [package]".into()))
    }

    fn shared(&self, key: &str) -> Option<&'g Value> {
        self.manifests.shared("package")?.as_table()?.get(key)
    }

    pub(super) fn inherit(&self, key: &str, value: &'g Value) -> Result<&'g Value, Stop> {
        if !refers(value) || !INHERITABLE.contains(&key) {
            return Ok(value);
        }
        let missing = || Stop::Undecided(format!("no workspace in git gives package.{}", shown(key)));
        self.shared(key).ok_or_else(missing)
    }

    /// `readme` and `license-file` with the folder that they count from.
    pub(super) fn relocatable(&self) -> Result<Vec<Named>, Stop> {
        let own = self.package()?;
        let (folder, root) = (&self.manifests.folder, &self.manifests.root_folder);
        let mut found = Vec::new();
        match own.get("license-file") {
            Some(value) if refers(value) => {
                let path = self.inherit("license-file", value)?.as_text().unwrap_or_default();
                found.push(Named { key: "license-file", base: root.clone(), path: path.to_string() });
            }
            Some(Value::Text(path)) => {
                found.push(Named { key: "license-file", base: folder.clone(), path: path.clone() })
            }
            _ => {}
        }
        let (base, value) = match own.get("readme") {
            Some(value) if refers(value) => (root, self.shared("readme")),
            value => (folder, value),
        };
        let mut readme =
            |path: &str| found.push(Named { key: "readme", base: base.clone(), path: path.into() });
        match value {
            Some(Value::Text(path)) => readme(path),
            Some(Value::Bool(true)) => readme("README.md"),
            Some(_) => {}
            None => {
                for name in READMES {
                    let path = TreePath::new(join(base, name.as_bytes()));
                    if self.case.in_repository(&path)?.is_some() {
                        readme(name);
                        break;
                    }
                }
            }
        }
        Ok(found)
    }

    /// The resolver that cargo uses in the workspace.
    pub(super) fn resolver(&self) -> Result<String, String> {
        let root = &self.manifests.root;
        let own = package(root);
        let named = own.and_then(|own| own.get("resolver")).or_else(|| self.manifests.shared("resolver"));
        match (named, own) {
            (Some(Value::Text(text)), _) => Ok(text.clone()),
            (Some(_), _) => Err("has a resolver that is not a string".into()),
            (None, None) => Ok("1".into()),
            (None, Some(own)) => {
                let value = own.get("edition");
                let value = if value.is_some_and(refers) { self.shared("edition") } else { value };
                Ok(default_resolver(edition(value)?)?.into())
            }
        }
    }
}

/// Files that lie outside of the crate's folder and that cargo copies to its
/// root: the name there, and the path in the repository.
pub(crate) fn copied(case: &Case<'_>, manifests: &Manifests) -> Result<Vec<(String, TreePath)>, Stop> {
    let found = Git { case, manifests }.relocatable()?;
    let copied = found.into_iter().filter_map(|Named { base, path, .. }| {
        let full = TreePath::new(normal(&join(&base, path.as_bytes()))?);
        let outside = full.strip_prefix(&manifests.folder).is_none();
        outside.then(|| (path.rsplit('/').next().unwrap_or_default().to_string(), full))
    });
    Ok(copied.collect())
}
