//! The check of every total: a contestant that counts wrongly has no figures.

use super::contestants::Contestant;

/// An error unless the total is what was added, as exactly as the contestant promises.
pub(crate) fn total(
    name: &str,
    contestant: &dyn Contestant,
    adds: u64,
    threads: usize,
) -> Result<(), String> {
    let total = contestant.total();
    if total.abs_diff(adds) <= contestant.tolerance() {
        Ok(())
    } else {
        Err(format!("{name} counted {total} of {adds} adds by {threads} threads"))
    }
}
