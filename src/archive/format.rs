//! Which container a file name promises.

/// The format of an archive, as its file name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `.tar`
    Tar,
    /// `.tar.gz`, `.tgz`, `.crate`
    TarGz,
    /// `.tar.xz`, `.txz`
    TarXz,
    /// `.tar.bz2`, `.tbz2`
    TarBz2,
    /// `.tar.zst`
    TarZst,
    /// `.zip`, `.whl`: read by [`super::read_zip`], because its directory
    /// stands at the end.
    Zip,
}

impl Format {
    /// The format that the ending of `name` stands for, in lower case only.
    ///
    /// The name comes from the policy. The content is never asked: a file
    /// that is two things at once would be one to us and another to the user.
    pub fn from_name(name: &str) -> Option<Self> {
        const ENDINGS: [(&str, Format); 11] = [
            (".tar", Format::Tar),
            (".tar.gz", Format::TarGz),
            (".tgz", Format::TarGz),
            (".crate", Format::TarGz),
            (".tar.xz", Format::TarXz),
            (".txz", Format::TarXz),
            (".tar.bz2", Format::TarBz2),
            (".tbz2", Format::TarBz2),
            (".tar.zst", Format::TarZst),
            (".zip", Format::Zip),
            (".whl", Format::Zip),
        ];
        ENDINGS.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, format)| format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_decides() {
        assert_eq!(Format::from_name("nova-1.0.tar.gz"), Some(Format::TarGz));
        assert_eq!(Format::from_name("semver-7.8.5.tgz"), Some(Format::TarGz));
        assert_eq!(Format::from_name("serde-1.0.0.crate"), Some(Format::TarGz));
        assert_eq!(Format::from_name("x.tar"), Some(Format::Tar));
        for other in ["x.gz", "x.TAR.GZ", "x.tar.gz.asc", "tar.gz", "x", ""] {
            assert_eq!(Format::from_name(other), None, "{other}");
        }
    }
}
