use crate::chart::{Curve, Panel, Point, number, spread_out, svg, ticks};
use crate::stats::Spread;
use crate::style::Style;

fn panel(names: &[&str]) -> Panel {
    let curve = |(index, name): (usize, &&str)| {
        let point = |threads| Point::of(threads, Spread { median: 2.0, least: 1.5, most: 3.0 });
        Curve {
            name: name.to_string(),
            style: Style::of(index),
            points: [1, 2].map(point).into(),
            is_joined: true,
        }
    };
    Panel {
        title: "Title".to_owned(),
        x: "threads",
        y: "ns",
        curves: names.iter().enumerate().map(curve).collect(),
    }
}

#[test]
fn ticks_lie_around_all_values() {
    assert_eq!(ticks(0.28, 47.0), [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
    assert_eq!(ticks(1.0, 1.0), [0.5, 1.0, 2.0]);
    assert_eq!(ticks(3.0, 3.1), [2.0, 5.0]);
    assert_eq!(ticks(4.0, 8.0e4), [1.0, 10.0, 100.0, 1e3, 1e4, 1e5]);
}

#[test]
fn numbers_are_short() {
    let texts = [0.05, 0.5, 1.0, 20.0, 1500.0, 3000.0, 4e6].map(number);
    assert_eq!(texts, ["0.05", "0.5", "1", "20", "1500", "3k", "4M"]);
}

#[test]
fn names_lie_apart_and_in_order() {
    assert_eq!(spread_out(&[50.0, 10.0], 18.0), [50.0, 10.0], "they don't touch");
    assert_eq!(spread_out(&[30.0, 30.0], 18.0), [21.0, 39.0], "both give way");
    let places = spread_out(&[30.0, 10.0, 28.0, 29.0, 200.0], 18.0);
    let sorted = [places[1], places[2], places[3], places[0], places[4]];
    assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 18.0), "{places:?}");
}

#[test]
fn picture_has_names_notes_and_both_schemes() {
    let names = ["single-atomic", "per-thread"];
    let text =
        svg(&[panel(&names), panel(&names)], &["CPU: <A & B>".to_owned()], Some("Warning: busy."));
    assert_eq!(text.matches("(prefers-color-scheme: dark)").count(), 1);
    for name in names {
        assert_eq!(text.matches(&format!(">{name}</text>")).count(), 2, "{text}");
    }
    for part in [
        ">threads (log scale)<",
        ">ns (log scale)<",
        ">CPU: &lt;A &amp; B&gt;<",
        "class=\"warning\"",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

#[test]
fn long_notes_are_wrapped() {
    let text = svg(&[panel(&["per-thread"])], &["word ".repeat(60).trim_end().to_owned()], None);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("word")).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines.concat().matches("word").count(), 60);
}
