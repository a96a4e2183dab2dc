//! The processes whose totals a store has.

use std::collections::BTreeMap;
use std::error::Error;

use crate::args::Args;
use crate::store;

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let mut store = store::open(&args.store)?;
    let mut writers: BTreeMap<_, (usize, u64)> = BTreeMap::new();
    for counter in store.counters()? {
        for (writer, stamp) in store.by_writer(&counter)? {
            let (counters, flush) = writers.entry(writer).or_default();
            *counters += 1;
            *flush = stamp.version.max(*flush);
        }
    }
    println!("{:<24} {:<32} {:>8} {:>12}", "host", "incarnation", "counters", "last flush");
    for (writer, (counters, flush)) in writers {
        let (host, incarnation) = (writer.host(), writer.incarnation());
        println!("{host:<24} {incarnation:032x} {counters:>8} {flush:>12}");
    }
    Ok(())
}
