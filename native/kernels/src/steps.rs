//! Steps of work, counted in tests alone: how work grows is told by them, whatever the machine is busy with.

/// Counts steps of work; nothing outside of tests.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn step(_: usize) {}

#[cfg(test)]
pub(crate) use counted::{step, steps_of};

#[cfg(test)]
mod tests;

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn step(count: usize) {
        STEPS.set(STEPS.get() + count);
    }

    /// The steps that some work takes.
    pub(crate) fn steps_of(work: impl FnOnce()) -> usize {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    }
}
