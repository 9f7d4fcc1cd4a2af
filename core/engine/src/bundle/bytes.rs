/// Total little-endian reads from a byte slice.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    /// Reads from `bytes`.
    #[must_use]
    pub const fn new(bytes: &'b [u8]) -> Bytes<'b> {
        Bytes(bytes)
    }

    /// How many bytes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `length` bytes from `at`.
    #[must_use]
    #[inline]
    pub fn slice(&self, at: usize, length: usize) -> Option<&'b [u8]> {
        self.0.get(at..)?.get(..length)
    }

    /// The byte at `at`.
    #[must_use]
    #[inline]
    pub fn u8(&self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    /// The 16-bit number at `at`.
    #[must_use]
    #[inline]
    pub fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.0.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_le_bytes(*bytes))
    }

    /// The 32-bit number at `at`, as an index.
    #[must_use]
    #[inline]
    pub fn u32(&self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at..)?.first_chunk::<4>()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }
}
