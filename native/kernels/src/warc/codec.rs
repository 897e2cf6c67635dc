//! The compressions an archive is stored in: members that are undone one at a time, piece by piece.

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder as ZstdDecoder, Operation};

use super::lz4::Lz4Decoder;

/// No dictionary is larger; those of archives have some hundred kilobytes.
pub(super) const DICTIONARY_BYTES: usize = 16 << 20;

/// What is wrong with one that is handed in.
pub(super) const BAD_DICTIONARY: &str =
    "the dictionary cannot be uncompressed, or has more than 16 MiB";

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const DICTIONARY_FRAME: u8 = 0x5d;

/// A compression whose members stand one behind the other in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// Members (RFC 1952).
    Gzip,
    /// Frames (RFC 8878), the first of them perhaps a dictionary for the others.
    Zstd,
    /// Frames, each for itself.
    Lz4,
}

impl Packing {
    /// What the first four bytes of a file show.
    pub(super) fn of(begin: &[u8]) -> Option<Self> {
        let magic = [Packing::Gzip, Packing::Zstd, Packing::Lz4]
            .into_iter()
            .find(|packing| begin.starts_with(packing.magic()));
        magic.or_else(|| is_skippable(begin).then_some(Packing::Zstd))
    }

    /// The bytes a member begins with.
    pub(super) fn magic(self) -> &'static [u8] {
        match self {
            Packing::Gzip => &[0x1f, 0x8b, 8],
            Packing::Zstd => &ZSTD,
            Packing::Lz4 => &[0x04, 0x22, 0x4d, 0x18],
        }
    }

    /// Stored bytes within which a member shows how its content begins: all of its first block, where that is undone as
    /// a whole.
    pub(super) fn trial_bytes(self) -> usize {
        match self {
            Packing::Gzip => 4 << 10,
            Packing::Zstd => 129 << 10,
            // The length alone of 4 MiB that cannot be packed takes 16 KiB.
            Packing::Lz4 => 20 << 10,
        }
    }

    /// What a member is called.
    pub(super) fn member(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip member",
            Packing::Zstd => "zstd frame",
            Packing::Lz4 => "lz4 frame",
        }
    }
}

/// Whether these are the first four bytes of a frame that holds no content.
pub(super) fn is_skippable(begin: &[u8]) -> bool {
    matches!(begin, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Whether a frame without content is the one with the dictionary.
pub(super) fn is_dictionary(begin: &[u8]) -> bool {
    begin.first() == Some(&DICTIONARY_FRAME)
}

/// The number of the dictionary that a zstd frame says it needs.
pub(super) fn wanted_dictionary(frame: &[u8]) -> Option<u32> {
    zstd::zstd_safe::get_dict_id_from_frame(frame).map(Into::into)
}

/// The number that a dictionary has; one of bare content has none.
pub(super) fn dictionary_number(dictionary: &[u8]) -> Option<u32> {
    zstd::zstd_safe::get_dict_id_from_dict(dictionary).map(Into::into)
}

/// The dictionary that a frame holds, which may be compressed itself; `None` where it cannot be undone.
pub(super) fn unpack_dictionary(content: Vec<u8>) -> Option<Vec<u8>> {
    if !content.starts_with(&ZSTD) {
        return Some(content);
    }
    let mut dictionary = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(content.as_slice()).ok()?;
    let limit = DICTIONARY_BYTES as u64;
    decoder.take(limit + 1).read_to_end(&mut dictionary).ok()?;
    (dictionary.len() <= DICTIONARY_BYTES).then_some(dictionary)
}

/// How far one call came.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    More,
    /// Nothing was done: it takes more of the input at a time.
    Short,
    /// The member ended and its checksum, if it has one, is right.
    End,
    Broken,
}

/// Undoes one member.
pub(super) struct Decoder {
    inner: Inner,
    read: u64,
}

enum Inner {
    Gzip(Box<Decompress>),
    Zstd(Box<Frame>),
    Lz4(Box<Lz4Decoder>),
    /// It could not be set up.
    Absent,
}

impl Decoder {
    pub(super) fn new(packing: Packing, dictionary: &[u8]) -> Self {
        let inner = match packing {
            Packing::Gzip => Inner::Gzip(Box::new(Decompress::new_gzip(15))),
            Packing::Zstd => match ZstdDecoder::with_dictionary(dictionary) {
                Ok(decoder) => Inner::Zstd(Box::new(Frame::new(decoder))),
                Err(_) => Inner::Absent,
            },
            Packing::Lz4 => Inner::Lz4(Box::default()),
        };
        Decoder { inner, read: 0 }
    }

    /// Uncompressed bytes given so far.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// The same for the next member; only where that costs less than a new one.
    pub(super) fn reuse(mut self) -> Option<Self> {
        match &mut self.inner {
            Inner::Zstd(frame) => frame.restart()?,
            _ => return None,
        }
        self.read = 0;
        Some(self)
    }

    /// Fills `output` as far as `input` goes: stored bytes taken, bytes given, and what came of it. `last` says that the
    /// file ends with the input.
    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
    ) -> (usize, usize, Outcome) {
        let (taken, given, outcome) = match &mut self.inner {
            Inner::Gzip(decoder) => inflate(decoder, input, output),
            Inner::Zstd(frame) => frame.step(input, output, last),
            Inner::Lz4(decoder) => decoder.step(input, output),
            Inner::Absent => (0, 0, Outcome::Broken),
        };
        self.read += given as u64;
        (taken, given, outcome)
    }
}

fn inflate(decoder: &mut Decompress, input: &[u8], output: &mut [u8]) -> (usize, usize, Outcome) {
    let (taken, given) = (decoder.total_in(), decoder.total_out());
    // `Finish` is no promise that the input ends here; it spares a member that does end the copy of its last 32 KiB.
    let outcome = match decoder.decompress(input, output, FlushDecompress::Finish) {
        Ok(Status::StreamEnd) => Outcome::End,
        Ok(_) => Outcome::More,
        Err(_) => Outcome::Broken,
    };
    let taken = (decoder.total_in() - taken) as usize;
    let given = (decoder.total_out() - given) as usize;
    (taken, given, outcome)
}

/// A frame is read block by block: an error takes with it all that its call decompressed, and whether there is one may
/// depend on how much of a block is seen at a time.
struct Frame {
    decoder: ZstdDecoder<'static>,
    /// Stored bytes to the end of the present block and the head of the next.
    wanted: usize,
    full: bool,
}

/// The shortest head of a frame.
const FRAME_HEAD: usize = 5;

impl Frame {
    fn new(decoder: ZstdDecoder<'static>) -> Self {
        Frame {
            decoder,
            wanted: FRAME_HEAD,
            full: false,
        }
    }

    fn restart(&mut self) -> Option<()> {
        self.decoder.reinit().ok()?;
        self.wanted = FRAME_HEAD;
        self.full = false;
        Some(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> (usize, usize, Outcome) {
        // What did not fit is handed out before more is read.
        let mut wanted = if self.full { 0 } else { self.wanted };
        let status = loop {
            if input.len() < wanted && !last {
                return (0, 0, Outcome::Short);
            }
            let block = &input[..input.len().min(wanted)];
            match self.decoder.run_on_buffers(block, output) {
                Ok(status) if wanted == 0 && status.bytes_written == 0 => {
                    wanted = self.wanted.max(1)
                }
                Ok(status) => break status,
                Err(_) => return (0, 0, Outcome::Broken),
            }
        };
        self.full = status.bytes_written == output.len();
        self.wanted = status.remaining;
        let outcome = if status.remaining == 0 {
            Outcome::End
        } else {
            Outcome::More
        };
        (status.bytes_read, status.bytes_written, outcome)
    }
}
