//! Names that would stand in an exported text twice, for the registry of prometheus-client, which looks for none.

use std::collections::{HashMap, HashSet};
use std::fmt;

/// What stands in an exported text twice.
pub(super) fn clash(exported: &str) -> Option<Clash> {
    // By the name of each family and sample, which family it is of.
    let mut owners = HashMap::new();
    let mut family = 0;
    for line in exported.lines() {
        let described = line.strip_prefix("# TYPE ");
        if described.is_none() && line.starts_with('#') {
            continue;
        }
        family += usize::from(described.is_some());
        let name = described.unwrap_or(line).split([' ', '{']).next().unwrap_or_default();
        if *owners.entry(name).or_insert(family) != family {
            return Some(Clash { name: name.to_owned(), label: None });
        }
        let mut labels = HashSet::new();
        if let Some(label) = label_names(line).find(|&label| !labels.insert(label)) {
            return Some(Clash { name: name.to_owned(), label: Some(label.to_owned()) });
        }
    }
    None
}

/// Of a sample's line, without its exemplar's: what stands before each value in quotes.
fn label_names(line: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    let pieces = line.split(move |character| {
        let is_quote = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_quote
    });
    let names = pieces.step_by(2).take_while(|piece| !piece.starts_with('}'));
    names.filter_map(|piece| piece.strip_suffix('=')?.rsplit(['{', ',']).next())
}

/// A name or a label that a registry would export twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    name: String,
    label: Option<String>,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, label } = self;
        match label {
            Some(label) => write!(f, "{label:?}: expected a label of {name:?} that no label of the registry equals"),
            None => write!(f, "{name:?}: expected a name that the registry exports once"),
        }
    }
}

impl std::error::Error for Clash {}
