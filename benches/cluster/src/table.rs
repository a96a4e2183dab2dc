//! The table, in Markdown.

use quipu_cluster::contestants::Contestant;
use quipu_cluster::load;
use quipu_lab::machine::machine;

use crate::measure::{
    CLIENTS, CLIENTS_OF_KILLS, CLIENTS_OF_LOSSES, LONGER_WITH_LOSSES, Plan, Row, Tally,
};

pub(crate) fn of(rows: &[Row<'_>], plan: &Plan) -> String {
    let clients: String = CLIENTS.map(|clients| format!(" {clients} cl. |")).concat();
    let mut text = format!(
        "{}, all servers and clients on it; load {}. Events a second: medians of {} interleaved \
         rounds of {:?}. The error is how far the number that is stored is from the events that \
         clients counted, of all rounds. Lost answers: {CLIENTS_OF_LOSSES} client, one answer in \
         twenty, in rounds of {:?}. Kills: {CLIENTS_OF_KILLS} clients, each server killed and started again. In \
         brackets: calls that failed, and were repeated.\n\n\
         | | before an answer |{clients} error | lost answers: events/s | error | kills: error |\n\
         |---|---|{}--:|--:|--:|--:|\n",
        machine(),
        load(),
        plan.rounds,
        plan.time,
        plan.time * LONGER_WITH_LOSSES,
        "--:|".repeat(CLIENTS.len())
    );
    for row in rows {
        let Contestant { name, place, .. } = row.contestant;
        let rates: String =
            row.calm_rates.iter().map(|rate| format!(" {} |", thousands(rate.median))).collect();
        let lossy = row.lossy_rate.as_ref().map_or_else(
            |_| "gave up | –".to_owned(),
            |rate| format!("{} | {}", thousands(rate.median), error_and_failures(row.lossy)),
        );
        let killed = row
            .killed
            .as_ref()
            .map_or_else(|_| "gave up".to_owned(), |&tally| error_and_failures(tally));
        let calm = error(row.calm);
        text += &format!("| {name} | {place} |{rates} {calm} | {lossy} | {killed} |\n");
    }
    text
}

fn error(Tally { counted, stored, .. }: Tally) -> String {
    match stored - counted {
        0 => "exact".to_owned(),
        difference => {
            format!("{:+.2} % ({difference:+})", 100.0 * difference as f64 / counted.max(1) as f64)
        }
    }
}

fn error_and_failures(tally: Tally) -> String {
    format!("{} [{}]", error(tally), thousands(tally.failed as f64))
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
