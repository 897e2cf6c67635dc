//! Matrices of a model: floats as they lie in the file, or codes of a product quantizer.

use arrow_buffer::Buffer;

use super::source::{Source, damaged, float};

/// Quantized matrices are undone at once up to this size in bytes; larger ones row by row.
const MAX_DECODED: usize = 256 << 20;
/// Centroids of each part of a quantizer.
const CENTROIDS: usize = 256;

/// Rows of `dim` floats.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) dim: usize,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// Four bytes each, at no special address: shared with the file.
    Stored(Buffer),
    Decoded(Vec<f32>),
    Coded(Coded),
}

impl Matrix {
    /// Reads a matrix of floats.
    pub(super) fn read(source: &mut Source, what: &str) -> Result<Self, String> {
        let (rows, dim) = (source.count(what)?, source.count(what)?);
        let length = rows.checked_mul(dim).and_then(|n| n.checked_mul(4));
        let values = Values::Stored(source.take(length.unwrap_or(usize::MAX), what)?);
        Ok(Self { rows, dim, values })
    }

    /// Reads a quantized matrix.
    pub(super) fn read_coded(source: &mut Source, what: &str) -> Result<Self, String> {
        let has_norms = source.flag(what)?;
        let (rows, dim) = (source.count(what)?, source.count(what)?);
        let length = source.i32(what)?;
        let length =
            usize::try_from(length).map_err(|_| damaged(format!("{what} has {length} codes")))?;
        let codes = source.take(length, what)?;
        let quantizer = Quantizer::read(source, what)?;
        if quantizer.dim != dim || quantizer.parts.checked_mul(rows) != Some(length) {
            return Err(damaged(format!(
                "{what} has {rows} rows of {dim} and {length} codes, its quantizer {} parts of {}",
                quantizer.parts, quantizer.dim
            )));
        }
        let norms = if has_norms {
            let codes = source.take(rows, what)?;
            let norms = Quantizer::read(source, what)?;
            if norms.dim != 1 {
                return Err(damaged(format!(
                    "the norms of {what} have {} dimensions",
                    norms.dim
                )));
            }
            Some((codes, norms))
        } else {
            None
        };
        let coded = Coded {
            codes,
            quantizer,
            norms,
        };
        let decodable = rows.checked_mul(dim).is_some_and(|n| n <= MAX_DECODED / 4);
        let values = if decodable {
            Values::Decoded(coded.decode(rows))
        } else {
            Values::Coded(coded)
        };
        Ok(Self { rows, dim, values })
    }

    /// Adds a row to `sum`, which has `dim` floats.
    #[inline]
    pub(super) fn add_row(&self, row: usize, sum: &mut [f32]) {
        let begin = row * self.dim;
        match &self.values {
            Values::Stored(bytes) => {
                let row = bytes[4 * begin..4 * (begin + self.dim)].chunks_exact(4);
                sum.iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += float(value));
            }
            Values::Decoded(values) => {
                let row = &values[begin..begin + self.dim];
                sum.iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += value);
            }
            Values::Coded(coded) => coded.visit(row, |place, value| sum[place] += value),
        }
    }

    /// The product of a row and a vector of `dim` floats, always added up in the same order.
    #[inline]
    pub(super) fn dot(&self, row: usize, vector: &[f32]) -> f32 {
        let begin = row * self.dim;
        match &self.values {
            Values::Stored(bytes) => {
                let row = &bytes[4 * begin..4 * (begin + self.dim)];
                dot(vector, |place| float(&row[4 * place..4 * place + 4]))
            }
            Values::Decoded(values) => {
                let row = &values[begin..begin + self.dim];
                dot(vector, |place| row[place])
            }
            Values::Coded(coded) => {
                let mut row_values = vec![0.0; self.dim];
                coded.visit(row, |place, value| row_values[place] = value);
                dot(vector, |place| row_values[place])
            }
        }
    }
}

/// Eight sums side by side, since a single one would wait for itself.
#[inline]
fn dot(vector: &[f32], row: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0; 8];
    let whole = vector.len() / 8 * 8;
    for begin in (0..whole).step_by(8) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += vector[begin + lane] * row(begin + lane);
        }
    }
    for (place, value) in vector.iter().enumerate().skip(whole) {
        lanes[place - whole] += value * row(place);
    }
    lanes.iter().sum()
}

/// A row's codes name a centroid for each of its parts; the centroids behind each other, times the norm, are the row.
#[derive(Debug)]
struct Coded {
    codes: Buffer,
    quantizer: Quantizer,
    norms: Option<(Buffer, Quantizer)>,
}

impl Coded {
    fn visit(&self, row: usize, mut visit: impl FnMut(usize, f32)) {
        let norm = self
            .norms
            .as_ref()
            .map_or(1.0, |(codes, norms)| norms.centroid(0, codes[row])[0]);
        let parts = self.quantizer.parts;
        let codes = &self.codes[row * parts..(row + 1) * parts];
        for (part, &code) in codes.iter().enumerate() {
            for (place, value) in self.quantizer.centroid(part, code).iter().enumerate() {
                visit(part * self.quantizer.part_dim + place, norm * value);
            }
        }
    }

    fn decode(&self, rows: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(rows * self.quantizer.dim);
        for row in 0..rows {
            self.visit(row, |_, value| values.push(value));
        }
        values
    }
}

/// Centroids of the parts of a vector; all parts have `part_dim` dimensions but the last, which has what is left.
#[derive(Debug)]
struct Quantizer {
    dim: usize,
    parts: usize,
    part_dim: usize,
    last_dim: usize,
    centroids: Vec<f32>,
}

impl Quantizer {
    fn read(source: &mut Source, what: &str) -> Result<Self, String> {
        let sizes = [(); 4].map(|()| source.i32(what));
        let mut positive = [0; 4];
        for (size, value) in sizes.into_iter().zip(&mut positive) {
            let size = size?;
            *value = usize::try_from(size)
                .ok()
                .filter(|&size| size > 0)
                .ok_or_else(|| damaged(format!("a size of the quantizer of {what} is {size}")))?;
        }
        let [dim, parts, part_dim, last_dim] = positive;
        if last_dim > part_dim || (parts - 1).checked_mul(part_dim) != dim.checked_sub(last_dim) {
            return Err(damaged(format!(
                "the quantizer of {what} parts {dim} dimensions into {parts} of {part_dim}, the last of {last_dim}"
            )));
        }
        let centroids = source.floats(dim * CENTROIDS, what)?;
        Ok(Self {
            dim,
            parts,
            part_dim,
            last_dim,
            centroids,
        })
    }

    #[inline]
    fn centroid(&self, part: usize, code: u8) -> &[f32] {
        let dim = if part + 1 == self.parts {
            self.last_dim
        } else {
            self.part_dim
        };
        let begin = part * CENTROIDS * self.part_dim + usize::from(code) * dim;
        &self.centroids[begin..begin + dim]
    }
}
