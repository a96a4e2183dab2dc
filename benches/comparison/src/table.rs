//! The table, in Markdown, and where quipu loses.

use crate::measure::{COUNTERS, READ_AFTER, Row, SHORT_LIVED, THREADS};
use crate::peers::QUIPU;
use quipu_lab::machine::machine;
use quipu_lab::stats::Spread;

/// A column: its title, and a row's figure in it, of which less is better.
type Column = (String, Box<dyn Fn(&Row) -> Option<Spread>>);

fn columns() -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (index, threads) in THREADS.into_iter().enumerate() {
        columns.push((
            format!("add, {threads} thr."),
            Box::new(move |row| row.add.get(index).copied()),
        ));
    }
    columns.push((format!("read after {READ_AFTER} thr."), Box::new(|row| row.read)));
    for (index, counters) in COUNTERS.into_iter().enumerate() {
        let bytes = move |row: &Row| row.bytes.get(index).map(|&bytes| Spread::exactly(bytes));
        columns.push((format!("bytes of 1 in {counters}, {READ_AFTER} thr."), Box::new(bytes)));
    }
    for (index, short_lived) in SHORT_LIVED.into_iter().enumerate() {
        columns.push((
            format!("add, {short_lived} between"),
            Box::new(move |row| row.churn.get(index).copied()),
        ));
    }
    columns
}

pub(crate) fn of(rows: &[Row]) -> String {
    let columns = columns();
    let titles: String = columns.iter().map(|(title, _)| format!(" {title} |")).collect();
    let mut text = format!(
        "{}. Medians of interleaved rounds; the spread is how far the furthest round was off, in the row's middle \
         figure. Adds and reads in nanoseconds of one core. The loops' barrier is an empty `asm!` that takes the \
         reference in a register. Bytes are those of one counter, in a new process with the heading's number of \
         them. Chunks of slots double, so a counter takes more just past a power of two. The adds of the columns \
         \"between\" are by two threads. Between their starts, the heading's number of short-lived threads have \
         added.\n\n\
         | |{titles} spread | exact | exact with takes |\n|---|{}--:|:-:|:-:|\n",
        machine(),
        "--:|".repeat(columns.len())
    );
    for row in rows {
        let figures: String =
            columns.iter().map(|(_, figure)| format!(" {} |", number(figure(row)))).collect();
        let takes = row.is_exact_with_takes.map_or("–", yes_or_no);
        text += &format!(
            "| {} |{figures} ±{:.0} % | {} | {takes} |\n",
            row.name,
            spread(row, &columns),
            yes_or_no(row.is_exact)
        );
    }
    text + &losses(rows, &columns)
}

/// One line for each column in which another crate's counter does better.
fn losses(rows: &[Row], columns: &[Column]) -> String {
    let Some(quipu) = rows.iter().find(|row| row.name == QUIPU) else { return String::new() };
    let mut text = String::from("\nWhere quipu loses:\n");
    for (title, figure) in columns {
        let best = rows
            .iter()
            .filter(|row| !row.name.contains("quipu"))
            .filter_map(|row| Some((&row.name, figure(row)?)))
            .min_by(|a, b| a.1.median.total_cmp(&b.1.median));
        if let (Some(ours), Some((name, best))) = (figure(quipu), best)
            && best.median < ours.median
        {
            text += &format!(
                "- {title}: {} against {} of {name}\n",
                number(Some(ours)),
                number(Some(best))
            );
        }
    }
    text
}

fn number(figure: Option<Spread>) -> String {
    match figure {
        None => "–".to_owned(),
        Some(Spread { median, least, most }) if median >= 100.0 || least == most => {
            format!("{median:.0}")
        }
        Some(Spread { median, .. }) => format!("{median:.2}"),
    }
}

/// How far the furthest round is off its median, of the row's figures the middle one; in percent.
fn spread(row: &Row, columns: &[Column]) -> f64 {
    let off = |Spread { median, least, most }| (most - median).max(median - least) / median * 100.0;
    let is_timed = |figure: &Spread| figure.least < figure.most;
    Spread::of(
        columns.iter().filter_map(|(_, figure)| figure(row)).filter(is_timed).map(off).collect(),
    )
    .median
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "**no**" }
}
