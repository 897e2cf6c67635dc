//! The bytes of a model file, read from the front; every length is held against what is left before anything is made.

use arrow_buffer::Buffer;

/// A place in the bytes of a model, and what is being read there.
#[derive(Debug)]
pub(super) struct Source {
    bytes: Buffer,
    at: usize,
}

impl Source {
    pub(super) fn new(bytes: Buffer) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `length` bytes, shared with the file's.
    pub(super) fn take(&mut self, length: usize, what: &str) -> Result<Buffer, String> {
        if length > self.left() {
            return Err(format!(
                "the model is cut off at byte {}: {what} needs {length} more bytes, there are {}; copy the file again",
                self.at,
                self.left()
            ));
        }
        let taken = self.bytes.slice_with_length(self.at, length);
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(&self.take(N, what)?);
        Ok(array)
    }

    pub(super) fn i32(&mut self, what: &str) -> Result<i32, String> {
        self.array(what).map(i32::from_le_bytes)
    }

    pub(super) fn i64(&mut self, what: &str) -> Result<i64, String> {
        self.array(what).map(i64::from_le_bytes)
    }

    pub(super) fn byte(&mut self, what: &str) -> Result<u8, String> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    pub(super) fn flag(&mut self, what: &str) -> Result<bool, String> {
        match self.byte(what)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(damaged(format!("{what} is {other}; expected 0 or 1"))),
        }
    }

    /// A number that counts something, so it is not negative.
    pub(super) fn count(&mut self, what: &str) -> Result<usize, String> {
        let count = self.i64(what)?;
        usize::try_from(count).map_err(|_| damaged(format!("{what} is {count}")))
    }

    /// The bytes before the next zero byte, which is left out.
    pub(super) fn until_zero(&mut self, what: &str) -> Result<Buffer, String> {
        let rest = &self.bytes.as_slice()[self.at..];
        let length = memchr::memchr(0, rest).unwrap_or(rest.len());
        let taken = self.take(length, what)?;
        self.byte(what)?;
        Ok(taken)
    }

    /// The next `count` floats.
    pub(super) fn floats(&mut self, count: usize, what: &str) -> Result<Vec<f32>, String> {
        let length = count.saturating_mul(4);
        let bytes = self.take(length, what)?;
        Ok(bytes.chunks_exact(4).map(float).collect())
    }
}

/// A float of four bytes.
#[inline]
pub(super) fn float(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// What is said of a file that begins like a model and then makes no sense.
pub(super) fn damaged(what: String) -> String {
    format!("the model is damaged: {what}; copy the file again")
}
