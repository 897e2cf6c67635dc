//! Inference with supervised fastText models (Joulin et al. 2016, arXiv 1607.01759), `.bin` and `.ftz`.
//!
//! A text is the mean of the rows of its words, subwords and runs of words; a last layer makes probabilities of it. Labels
//! and probabilities are those of fastText 0.9.3 up to the rounding of sums, but where a model was trained with one
//! against all or negative sampling: there fastText reads probabilities from a table of 512 steps, and a sum beside a
//! step may fall on its other side.

mod dictionary;
mod lines;
mod matrix;
mod names;
mod ngrams;
mod output;
mod reading;
mod source;

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;

use crate::columns::batch;
use crate::words::TextColumn;
use dictionary::{Dictionary, Settings};
use matrix::Matrix;
use output::Output;
pub use output::Prediction;
pub use reading::Reading;
use source::{Source, damaged};

const MAGIC: i32 = 793_712_314;

/// A supervised model.
#[derive(Debug)]
pub struct Model {
    dictionary: Dictionary,
    input: Matrix,
    output: Output,
}

/// What is read of a text.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Its first characters, or all.
    pub max_chars: Option<usize>,
    /// Whether line feeds part words or are left out as if they were not there.
    pub join_lines: bool,
}

impl Model {
    /// Reads the bytes of a model file; rows of floats stay where they are.
    ///
    /// An error says what the bytes are instead. What is made is never larger than the file says in good faith: each
    /// length is held against the bytes that are there.
    pub fn read(bytes: Buffer) -> Result<Self, String> {
        let mut source = Source::new(bytes);
        if source.left() < 8 || source.i32("the head")? != MAGIC {
            return Err(
                "no fastText model: it does not begin like one; expected a .bin or .ftz file"
                    .into(),
            );
        }
        let version = source.i32("the head")?;
        if version != 11 && version != 12 {
            return Err(format!(
                "a fastText model of version {version}; known are 11 and 12"
            ));
        }
        let settings = Settings::read(&mut source, version)?;
        let dictionary = Dictionary::read(&mut source, settings)?;
        let is_coded = source.flag("the kind of the input matrix")?;
        if dictionary.is_pruned() && !is_coded {
            return Err(damaged(
                "its dictionary is pruned and its matrix is not".into(),
            ));
        }
        let input = read_matrix(&mut source, is_coded, "the input matrix")?;
        let is_output_coded = source.flag("the kind of the output matrix")?;
        let output = read_matrix(
            &mut source,
            is_coded && is_output_coded,
            "the output matrix",
        )?;
        let settings = dictionary.settings();
        if input.dim != settings.dim || output.dim != settings.dim || input.rows < dictionary.rows()
        {
            return Err(damaged(format!(
                "{} rows of {} and an output of {}; expected {} rows of {}",
                input.rows,
                input.dim,
                output.dim,
                dictionary.rows(),
                settings.dim
            )));
        }
        let output = Output::new(output, settings.loss, &dictionary.label_counts)?;
        Ok(Self {
            dictionary,
            input,
            output,
        })
    }

    /// The labels as the file has them, in its order.
    pub fn labels(&self) -> &[String] {
        &self.dictionary.labels
    }

    /// The length of its vectors.
    pub fn dim(&self) -> usize {
        self.input.dim
    }

    /// What a thread needs to read texts with this model.
    pub fn reading(&self) -> Reading {
        Reading::new(self.dim())
    }

    /// The `k` most probable labels of a text as one line, the best first; none where the model knows nothing of it.
    pub fn best(
        &self,
        reading: &mut Reading,
        text: &str,
        k: usize,
    ) -> Result<Vec<Prediction>, String> {
        if !reading.read(&self.dictionary, &self.input, text.as_bytes()) {
            return Ok(Vec::new());
        }
        self.output.best(&reading.hidden, k)
    }
}

fn read_matrix(source: &mut Source, is_coded: bool, what: &str) -> Result<Matrix, String> {
    if is_coded {
        Matrix::read_coded(source, what)
    } else {
        Matrix::read(source, what)
    }
}

impl View {
    fn of<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let end = self
            .max_chars
            .and_then(|most| text.char_indices().nth(most));
        let text = end.map_or(text, |(end, _)| &text[..end]);
        if self.join_lines && text.contains('\n') {
            return Cow::Owned(text.replace('\n', ""));
        }
        Cow::Borrowed(text)
    }
}

/// The most probable labels of every text, null for null and where there are none.
///
/// Columns: `label_1`, `probability_1` and so on up to `k`.
pub fn predict(
    model: &Model,
    reading: &mut Reading,
    text: &ArrayRef,
    k: usize,
    view: View,
) -> Result<RecordBatch, String> {
    let column = TextColumn::new(text, "text")?;
    let mut labels: Vec<_> = (0..k).map(|_| StringBuilder::new()).collect();
    let mut probabilities: Vec<_> = (0..k).map(|_| Float64Builder::new()).collect();
    for row in 0..text.len() {
        let best = match column.get(row) {
            Some(text) => model.best(reading, &view.of(text), k)?,
            None => Vec::new(),
        };
        for place in 0..k {
            let found = best.get(place);
            labels[place].append_option(found.map(|found| &model.labels()[found.label]));
            probabilities[place].append_option(found.map(|found| f64::from(found.probability)));
        }
    }
    let mut columns: Vec<(String, ArrayRef)> = Vec::with_capacity(2 * k);
    for (place, (label, probability)) in labels.iter_mut().zip(&mut probabilities).enumerate() {
        columns.push((format!("label_{}", place + 1), Arc::new(label.finish())));
        columns.push((
            format!("probability_{}", place + 1),
            Arc::new(probability.finish()),
        ));
    }
    batch(columns)
}

/// The languages of every text line by line, null for null and where no line has one.
///
/// Each line that is not blank counts with its characters for its most probable label. Columns: `label`, the one with
/// most characters times probability; `probability`, these over all characters; `second_probability`, the same of the
/// next label, 0 where there is none; `share`, the characters of lines with the label over all characters.
pub fn predict_lines(
    model: &Model,
    reading: &mut Reading,
    text: &ArrayRef,
    max_chars: Option<usize>,
) -> Result<RecordBatch, String> {
    let column = TextColumn::new(text, "text")?;
    let view = View {
        max_chars,
        join_lines: false,
    };
    let mut labels = StringBuilder::new();
    let mut numbers = [(); 3].map(|()| Float64Builder::new());
    for row in 0..text.len() {
        let found = match column.get(row) {
            Some(text) => lines::read(model, reading, &view.of(text))?,
            None => lines::Lines::default(),
        };
        let all = found.characters as f64;
        let first = found.votes.first();
        labels.append_option(first.map(|(label, _)| &model.labels()[*label]));
        let second = found.votes.get(1).map_or(0.0, |(_, votes)| votes.weight);
        let values = first.map(|(_, votes)| [votes.weight, second, votes.characters as f64]);
        for (place, number) in numbers.iter_mut().enumerate() {
            number.append_option(values.map(|values| values[place] / all));
        }
    }
    let [probability, second_probability, share] = numbers.map(|mut number| number.finish());
    let columns: [(_, ArrayRef); 4] = [
        ("label", Arc::new(labels.finish())),
        ("probability", Arc::new(probability)),
        ("second_probability", Arc::new(second_probability)),
        ("share", Arc::new(share)),
    ];
    batch(columns)
}
