//! Clients in a process of Java, which does what it is told on its standard input.

use crate::clients::{Clients, Counted};
use crate::process::Process;

pub(crate) struct Java(pub(crate) Process);

impl Clients for Java {
    fn start(&mut self, clients: usize) -> Result<(), String> {
        self.0.tell(&format!("start {clients}"))
    }

    fn stop(&mut self) -> Result<Counted, String> {
        let line = self.0.ask("stop")?;
        let words = line
            .split_once(' ')
            .and_then(|(events, failed)| Some((events.parse().ok()?, failed.parse().ok()?)));
        let (events, failed) =
            words.ok_or_else(|| format!("a client answered {line:?}: expected two numbers"))?;
        Ok(Counted { events, failed })
    }

    fn stored(&mut self) -> Result<i64, String> {
        let line = self.0.ask("value")?;
        line.parse().map_err(|_| format!("a client answered {line:?}: expected a number"))
    }
}
