//! Numbers and texts in a row of bytes. A sender of this app writes nothing that does not read back.

/// Writes behind one another.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty row.
    pub fn new() -> Self {
        Self::default()
    }

    /// A number.
    pub fn u64(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    /// A large number.
    pub fn u128(&mut self, number: u128) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    /// Bytes, with their length before them.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u64(u64::try_from(bytes.len()).expect("lengths fit 64 bits"));
        self.0.extend(bytes);
        self
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// Reads off the front. `None` when the row is too short.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the front.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether all has been read.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// What has not been read.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// A number.
    pub fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// A large number.
    pub fn u128(&mut self) -> Option<u128> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u128::from_le_bytes(*number))
    }

    /// Bytes, with their length before them.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u64()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Text, with its length before it.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}
