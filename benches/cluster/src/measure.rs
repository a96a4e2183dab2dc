//! The three parts of a run: undisturbed, with servers that are killed, and with answers that are
//! lost.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use quipu_cluster::Clients;
use quipu_cluster::contestants::Contestant;
use quipu_cluster::system::{Kind, Network, System};
use quipu_lab::stats::Spread;

/// Clients, undisturbed.
pub(crate) const CLIENTS: [usize; 3] = [1, 8, 64];

/// Clients while answers are lost. One client has one request at a time, so that the proxy loses one
/// answer at a time.
pub(crate) const CLIENTS_OF_LOSSES: usize = 1;

/// A round of losses is so much longer than others: a lost connection costs some clients a second.
pub(crate) const LONGER_WITH_LOSSES: u32 = 4;

/// Clients while servers are killed.
pub(crate) const CLIENTS_OF_KILLS: usize = 8;

/// Events of a run that isn't counted, in which connections are made and code is compiled.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long the cluster may take to be read after a run.
const READ: Duration = Duration::from_secs(120);

pub(crate) struct Plan {
    pub(crate) time: Duration,
    pub(crate) rounds: usize,
    pub(crate) contestants: Vec<Contestant>,
}

/// The events that clients counted, and by how much the cluster's number went up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) counted: i64,
    pub(crate) stored: i64,
    /// Calls that failed.
    pub(crate) failed: u64,
}

pub(crate) struct Row<'a> {
    pub(crate) contestant: &'a Contestant,
    /// Events a second, by number of clients.
    pub(crate) calm_rates: Vec<Spread>,
    pub(crate) calm: Tally,
    pub(crate) lossy_rate: Result<Spread, String>,
    pub(crate) lossy: Tally,
    pub(crate) killed: Result<Tally, String>,
}

/// The rounds of some clients.
#[derive(Default)]
struct Rounds {
    rates: Vec<f64>,
    tally: Tally,
}

impl Rounds {
    /// Lets clients count while something else is done.
    fn run(
        &mut self,
        clients: &mut dyn Clients,
        number: usize,
        meanwhile: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        let (before, start) = (read(clients)?, Instant::now());
        clients.start(number)?;
        meanwhile()?;
        let counted = clients.stop()?;
        self.rates.push(counted.events as f64 / start.elapsed().as_secs_f64());
        self.tally.counted += counted.events as i64;
        self.tally.stored += read(clients)? - before;
        self.tally.failed += counted.failed;
        Ok(())
    }
}

fn read(clients: &mut dyn Clients) -> Result<i64, String> {
    let start = Instant::now();
    loop {
        match clients.stored() {
            Err(_) if start.elapsed() < READ => thread::sleep(Duration::from_millis(500)),
            result => return result,
        }
    }
}

fn wait(time: Duration) -> impl FnOnce() -> Result<(), String> {
    move || {
        thread::sleep(time);
        Ok(())
    }
}

fn say(text: &str) {
    eprintln!("cluster: {text}");
}

pub(crate) fn all(plan: &Plan) -> Result<Vec<Row<'_>>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("a folder: {error}"))?;
    let [direct, lossy] = ["direct", "lossy"].map(|name| folder.path().join(name));
    let mut rows = undisturbed(plan, &direct)?;
    with_losses(plan, &lossy, &mut rows)?;
    Ok(rows)
}

/// The first two parts, with the same servers.
fn undisturbed<'a>(plan: &'a Plan, folder: &Path) -> Result<Vec<Row<'a>>, String> {
    let mut systems = Vec::new();
    for kind in Kind::ALL {
        if plan.contestants.iter().any(|contestant| contestant.kind == kind) {
            say(&format!("starting {kind:?}"));
            systems.push((kind, System::start(kind, Network::Direct, folder)?));
        }
    }
    let mut cases = Vec::new();
    for contestant in &plan.contestants {
        say(&format!("starting clients of {}", contestant.key));
        let system = systems.iter().position(|(kind, _)| *kind == contestant.kind);
        let at = system.ok_or("a system that isn't started")?;
        let mut clients = contestant.clients(&systems[at].1)?;
        for number in CLIENTS {
            Rounds::default().run(&mut *clients, number, wait(WARM_UP))?;
        }
        cases.push((contestant, at, clients, CLIENTS.map(|_| Rounds::default())));
    }
    for round in 0..plan.rounds {
        say(&format!("round {} of {}", round + 1, plan.rounds));
        for (_, _, clients, rounds) in &mut cases {
            for (number, rounds) in CLIENTS.into_iter().zip(rounds) {
                rounds.run(&mut **clients, number, wait(plan.time))?;
            }
        }
    }
    let mut rows = Vec::new();
    for (contestant, at, mut clients, rounds) in cases {
        say(&format!("killing servers of {}", contestant.key));
        let killed = kill(plan, &mut systems[at].1, &mut *clients);
        rows.push(Row {
            contestant,
            calm: sum(rounds.iter().map(|rounds| rounds.tally)),
            calm_rates: rounds.map(|rounds| Spread::of(rounds.rates)).into(),
            lossy_rate: Err(String::new()),
            lossy: Tally::default(),
            killed: reported(contestant, killed),
        });
    }
    Ok(rows)
}

fn sum(tallies: impl Iterator<Item = Tally>) -> Tally {
    tallies.fold(Tally::default(), |sum, tally| Tally {
        counted: sum.counted + tally.counted,
        stored: sum.stored + tally.stored,
        failed: sum.failed + tally.failed,
    })
}

fn kill(plan: &Plan, system: &mut System, clients: &mut dyn Clients) -> Result<Tally, String> {
    let mut rounds = Rounds::default();
    clients.slow_down();
    rounds.run(clients, CLIENTS_OF_KILLS, || {
        thread::sleep(plan.time);
        system.restart_each()?;
        thread::sleep(plan.time);
        Ok(())
    })?;
    Ok(rounds.tally)
}

/// A system that doesn't get over a failure is a finding, not the end of the run.
fn reported<T>(contestant: &Contestant, result: Result<T, String>) -> Result<T, String> {
    if let Err(error) = &result {
        say(&format!("{} gave up: {error}", contestant.key));
    }
    result
}

/// The third part.
fn with_losses(plan: &Plan, folder: &Path, rows: &mut [Row<'_>]) -> Result<(), String> {
    for kind in Kind::ALL {
        let mut of_kind: Vec<_> =
            rows.iter_mut().filter(|row| row.contestant.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        say(&format!("losing answers of {kind:?}"));
        let system = System::start(kind, Network::Lossy, folder);
        for row in &mut of_kind {
            let mut rounds = Rounds::default();
            let result = system.as_ref().map_err(String::clone).and_then(|system| {
                let mut clients = row.contestant.clients(system)?;
                for _ in 0..plan.rounds {
                    rounds.run(&mut *clients, CLIENTS_OF_LOSSES, || {
                        system.lose(true);
                        thread::sleep(plan.time * LONGER_WITH_LOSSES);
                        system.lose(false);
                        Ok(())
                    })?;
                }
                Ok(Spread::of(std::mem::take(&mut rounds.rates)))
            });
            row.lossy = rounds.tally;
            row.lossy_rate = reported(row.contestant, result);
        }
    }
    Ok(())
}
