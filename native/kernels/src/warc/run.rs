//! Rejects that follow one another: the first of them are told one by one, those behind them as one.

use arrow_schema::ArrowError;

use super::reject::Reject;
use super::table::Table;

/// So many without a record between them are damage; more of them were made, a few bytes each.
const TOLD: u64 = 1_000;

/// The rejects since the last record.
#[derive(Default)]
pub(super) struct Run {
    told: u64,
    rest: Option<Rest>,
}

struct Rest {
    reject: Reject,
    end: u64,
}

impl Run {
    /// Takes the next reject, whose stored bytes end before `end`; adds its row to the table, or makes it part of one.
    pub(super) fn add(
        &mut self,
        reject: Reject,
        end: u64,
        table: &mut Table,
    ) -> Result<(), ArrowError> {
        if self.told < TOLD {
            self.told += 1;
            return reject.push(table, end);
        }
        match &mut self.rest {
            Some(rest) => {
                rest.reject.join(&reject);
                rest.end = end;
            }
            None => self.rest = Some(Rest { reject, end }),
        }
        Ok(())
    }

    /// Ends the run, since a record follows, or nothing. True where that added a row to the table.
    pub(super) fn end(&mut self, table: &mut Table) -> Result<bool, ArrowError> {
        self.told = 0;
        let Some(rest) = self.rest.take() else {
            return Ok(false);
        };
        rest.reject.push(table, rest.end)?;
        Ok(true)
    }
}
