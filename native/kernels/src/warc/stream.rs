//! The compressed streams a body may be, read to their end, to a limit or to damage.

use std::io::{ErrorKind, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};

use super::coding::Obstacle;
use super::content::BOMB_RATIO;

/// One compression, as HTTP uses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stream {
    /// One or more members.
    Gzip,
    Zlib,
    Deflate,
    Brotli,
    Zstd,
}

/// Where reading came to an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Whole,
    /// At the limit; there is more.
    Limit,
    /// The input ended before the stream did.
    Cut,
    Damaged,
}

impl Stream {
    /// Appends what `body` holds, at most `limit` bytes. Too much of it is an obstacle where it is a bomb.
    pub(super) fn read(
        self,
        body: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<End, Obstacle> {
        let (end, taken) = match self {
            Stream::Gzip => gunzip(body, limit, out),
            Stream::Zlib => inflate(body, Decompress::new(true), limit, out),
            Stream::Deflate => match inflate(body, Decompress::new(false), limit, out) {
                // It has no checksum; a stream that ends early is some other bytes.
                (End::Whole, taken) if taken < body.len() => (End::Damaged, taken),
                other => other,
            },
            Stream::Brotli => unbrotli(body, limit, out),
            Stream::Zstd => (unzstd(body, limit, out), body.len()),
        };
        if end == End::Limit && limit as u64 / BOMB_RATIO > taken as u64 {
            return Err(Obstacle::TooLarge(limit));
        }
        Ok(end)
    }
}

/// The end, and how many bytes of the input it took.
fn inflate(input: &[u8], mut decoder: Decompress, limit: usize, out: &mut Vec<u8>) -> (End, usize) {
    loop {
        let (taken, given) = (decoder.total_in() as usize, out.len());
        reserve(out, input.len(), limit);
        let result = decoder.decompress_vec(&input[taken..], out, FlushDecompress::None);
        let read = decoder.total_in() as usize;
        if out.len() > limit {
            out.truncate(limit);
            return (End::Limit, read);
        }
        match result {
            Ok(Status::StreamEnd) => return (End::Whole, read),
            Ok(_) if out.len() == given && out.len() < out.capacity() => return (End::Cut, read),
            Ok(_) => {}
            Err(_) => return (End::Damaged, read),
        }
    }
}

/// Makes room: at first for what a page usually expands to, later for as much again, never for far more than `limit`.
fn reserve(out: &mut Vec<u8>, input: usize, limit: usize) {
    if out.len() == out.capacity() {
        let more = out.len().max(input.saturating_mul(4)).clamp(4096, 1 << 22);
        out.reserve_exact(more.min((limit + 1).saturating_sub(out.len()).max(1)));
    }
}

fn gunzip(body: &[u8], limit: usize, out: &mut Vec<u8>) -> (End, usize) {
    let mut rest = body;
    while rest.starts_with(&[0x1f, 0x8b, 8]) {
        match inflate(rest, Decompress::new_gzip(15), limit, out) {
            (End::Whole, taken) => rest = &rest[taken..],
            (end, taken) => return (end, body.len() - rest.len() + taken),
        }
    }
    (End::Whole, body.len())
}

fn unbrotli(body: &[u8], limit: usize, out: &mut Vec<u8>) -> (End, usize) {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new(alloc(), alloc(), alloc());
    let (mut left, mut at, mut total) = (body.len(), 0, 0);
    let mut piece = vec![0; 64 << 10];
    loop {
        let (mut room, mut given) = (piece.len(), 0);
        let result = BrotliDecompressStream(
            &mut left, &mut at, body, &mut room, &mut given, &mut piece, &mut total, &mut state,
        );
        out.extend_from_slice(&piece[..given]);
        if out.len() > limit {
            out.truncate(limit);
            return (End::Limit, at);
        }
        match result {
            // A stream has no checksum; one that ends early is some other bytes.
            BrotliResult::ResultSuccess if left > 0 => return (End::Damaged, at),
            BrotliResult::ResultSuccess => return (End::Whole, at),
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return (End::Cut, at),
            BrotliResult::ResultFailure => return (End::Damaged, at),
        }
    }
}

fn unzstd(body: &[u8], limit: usize, out: &mut Vec<u8>) -> End {
    let Ok(decoder) = zstd::stream::read::Decoder::with_buffer(body) else {
        return End::Damaged;
    };
    match decoder.take(limit as u64 + 1).read_to_end(out) {
        Ok(_) if out.len() > limit => {
            out.truncate(limit);
            End::Limit
        }
        Ok(_) => End::Whole,
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => End::Cut,
        Err(_) => End::Damaged,
    }
}
