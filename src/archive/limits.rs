//! How much an archive may ask of us.

/// Bounds on one archive. The defaults fit every real release we know of with
/// room to spare, and keep a hostile one cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most paths: entries, and folders that are only named inside a path.
    pub entries: u64,
    /// Most bytes that the archive may unpack to, tar's own headers included.
    pub unpacked: u64,
    /// Most unpacked bytes for one packed byte. Only applied beyond
    /// [`Limits::RATIO_FREE`] bytes, because small files may be very dull.
    pub ratio: u64,
    /// Longest path and longest link target, in bytes.
    pub path: usize,
    /// Longest extended header (pax records) of one entry, in bytes.
    pub metadata: u64,
    /// Most bytes that a decompressor may hold (the window of xz and zstd).
    /// The default takes `xz -9` and all of zstd but `--long` and `--ultra`.
    pub memory: u64,
}

impl Limits {
    /// Bytes that may be unpacked before [`Limits::ratio`] applies.
    pub const RATIO_FREE: u64 = 64 << 20;
    /// Longest single name within a path: what Linux, macOS and Windows hold.
    pub const NAME: usize = 255;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            unpacked: 4 << 30,
            ratio: 200,
            path: 4096,
            metadata: 64 << 10,
            memory: 80 << 20,
        }
    }
}
