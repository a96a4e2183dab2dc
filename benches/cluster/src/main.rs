//! quipu on Cassandra beside the counters of distributed systems, in one run: `benches/cluster/run`
//! builds it, fetches the others, and starts it. It prints a table in Markdown.

mod measure;
mod table;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use measure::Plan;
use quipu_cluster::contestants::Contestant;
use quipu_cluster::options::take;

fn main() -> ExitCode {
    match run(env::args().skip(1).collect()) {
        Ok(table) => {
            println!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cluster: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<String, String> {
    let plan = plan(arguments)?;
    Ok(table::of(&measure::all(&plan)?, &plan))
}

/// The options, and the contestants: all of them if none is named.
fn plan(mut arguments: Vec<String>) -> Result<Plan, String> {
    let seconds = take(&mut arguments, "--seconds", 3.0, "a number of seconds")?;
    let rounds = take(&mut arguments, "--rounds", 5, "a number of rounds")?;
    let time = Duration::try_from_secs_f64(seconds);
    let time = time.map_err(|_| format!("--seconds {seconds}: expected a number of seconds"))?;
    let keys = Contestant::ALL.map(|contestant| contestant.key);
    if let Some(unknown) = arguments.iter().find(|argument| !keys.contains(&argument.as_str())) {
        return Err(format!("{unknown}: expected --seconds, --rounds, or of {}", keys.join(", ")));
    }
    if rounds == 0 {
        return Err("--rounds 0: expected one at least".to_owned());
    }
    let is_in = |contestant: &Contestant| {
        arguments.is_empty() || arguments.iter().any(|argument| argument == contestant.key)
    };
    Ok(Plan { time, rounds, contestants: Contestant::ALL.into_iter().filter(is_in).collect() })
}
