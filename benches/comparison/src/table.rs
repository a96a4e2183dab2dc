//! The table, in Markdown, and where quipu loses.

use crate::measure::{READ_AFTER, Row, SHORT_LIVED, THREADS};
use crate::peers::QUIPU;
use crate::stats::Spread;
use crate::threads::cores;

/// A column: its title, and a row's figure in it, of which less is better.
type Column = (String, Box<dyn Fn(&Row) -> Option<f64>>);

fn columns() -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (index, threads) in THREADS.into_iter().enumerate() {
        columns.push((format!("add, {threads} thr."), Box::new(move |row| median(row.add.get(index)))));
    }
    columns.push((format!("read after {READ_AFTER} thr."), Box::new(|row| median(row.read.as_ref()))));
    columns.push((format!("bytes, {READ_AFTER} thr."), Box::new(|row| row.bytes)));
    for (index, short_lived) in SHORT_LIVED.into_iter().enumerate() {
        columns.push((format!("add, {short_lived} between"), Box::new(move |row| median(row.churn.get(index)))));
    }
    columns
}

fn median(spread: Option<&Spread>) -> Option<f64> {
    spread.map(|spread| spread.median)
}

pub(crate) fn of(rows: &[Row]) -> String {
    let columns = columns();
    let titles: String = columns.iter().map(|(title, _)| format!(" {title} |")).collect();
    let mut text = format!(
        "{} cores; medians. Adds and reads in nanoseconds of one core. The loops' barrier is an empty `asm!` that takes \
         the reference in a register. The adds with so many \"between\" are by two threads between whose starts as many \
         short-lived ones have added.\n\n| |{titles} exact | exact with takes |\n|---|{}:-:|:-:|\n",
        cores(),
        "--:|".repeat(columns.len())
    );
    for row in rows {
        let figures: String = columns.iter().map(|(_, figure)| format!(" {} |", number(figure(row)))).collect();
        let takes = row.is_exact_with_takes.map_or("–", yes_or_no);
        text += &format!("| {} |{figures} {} | {takes} |\n", row.name, yes_or_no(row.is_exact));
    }
    text + &losses(rows, &columns)
}

/// One line for each column in which another counter does better.
fn losses(rows: &[Row], columns: &[Column]) -> String {
    let Some(quipu) = rows.iter().find(|row| row.name == QUIPU) else { return String::new() };
    let mut text = String::from("\nWhere quipu loses:\n");
    for (title, figure) in columns {
        let best = rows.iter().filter_map(|row| Some((&row.name, figure(row)?))).min_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some(ours), Some((name, best))) = (figure(quipu), best)
            && best < ours
        {
            text += &format!("- {title}: {} against {} of {name}\n", number(Some(ours)), number(Some(best)));
        }
    }
    text
}

fn number(figure: Option<f64>) -> String {
    match figure {
        None => "–".to_owned(),
        Some(figure) if figure < 100.0 => format!("{figure:.2}"),
        Some(figure) => format!("{figure:.0}"),
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "**no**" }
}
