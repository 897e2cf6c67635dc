//! Sets and similarities of columns of text.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, LargeListBuilder, ListBuilder, UInt64Builder};
use arrow_array::{Array, ArrayRef, RecordBatch};

use super::{Shingler, Shingling, count_shared};
use crate::columns::batch;
use crate::words::TextColumn;

/// The set of each text, null for null: a list of uint64, a large list where 32-bit offsets do not reach.
pub fn sets(text: &ArrayRef, shingling: Shingling) -> Result<ArrayRef, String> {
    let column = TextColumn::new(text, "text")?;
    let mut shingler = Shingler::new(shingling)?;
    let rows = (0..text.len()).map(|row| column.get(row));
    // A shingle starts at a byte of its text and each at another.
    let most: usize = rows.clone().flatten().map(str::len).sum();
    let mut set = Vec::new();
    macro_rules! build {
        ($builder:ty) => {{
            let mut out = <$builder>::with_capacity(UInt64Builder::new(), text.len());
            for text in rows {
                if let Some(text) = text {
                    shingler.set_of(text, &mut set);
                    out.values().append_slice(&set);
                }
                out.append(text.is_some());
            }
            Ok(Arc::new(out.finish()))
        }};
    }
    if most <= i32::MAX as usize {
        build!(ListBuilder<UInt64Builder>)
    } else {
        build!(LargeListBuilder<UInt64Builder>)
    }
}

/// How alike each text's set and that of `other` are: float64 columns `jaccard` (shared of all) and `containment`
/// (shared of the smaller set's). 0 where one of the sets is empty, null for null.
pub fn similarities(
    text: &ArrayRef,
    other: &str,
    shingling: Shingling,
) -> Result<RecordBatch, String> {
    let column = TextColumn::new(text, "text")?;
    let mut shingler = Shingler::new(shingling)?;
    let (mut theirs, mut set) = (Vec::new(), Vec::new());
    shingler.set_of(other, &mut theirs);
    let mut jaccard = Float64Builder::with_capacity(text.len());
    let mut containment = Float64Builder::with_capacity(text.len());
    for row in 0..text.len() {
        let both = column.get(row).map(|text| {
            shingler.set_of(text, &mut set);
            let shared = count_shared(&set, &theirs);
            let (all, smaller) = (
                set.len() + theirs.len() - shared,
                set.len().min(theirs.len()),
            );
            (share(shared, all), share(shared, smaller))
        });
        jaccard.append_option(both.map(|both| both.0));
        containment.append_option(both.map(|both| both.1));
    }
    let columns: [(_, ArrayRef); 2] = [
        ("jaccard", Arc::new(jaccard.finish())),
        ("containment", Arc::new(containment.finish())),
    ];
    batch(columns)
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
