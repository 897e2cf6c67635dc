//! Columns put together: what every kernel's result is made of.

use arrow_array::{ArrayRef, RecordBatch};

/// The columns as a batch; each may hold nulls.
pub(crate) fn batch<N: AsRef<str>>(
    columns: impl IntoIterator<Item = (N, ArrayRef)>,
) -> Result<RecordBatch, String> {
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
}
