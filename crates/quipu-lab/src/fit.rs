//! A model of adds to one line, fitted to what they cost here.
//!
//! Adds to a contended line are done one after the other, and between the adds of two cores the
//! line travels. Where `n` cores add to it all the time, a core's add waits for those of the
//! others:
//!
//! ```text
//! cost(n) = alone + (n - 1) * each
//! ```
//!
//! `alone` is the cost on one core, and `each` is what another core that adds costs every add: one
//! add with its part of a transfer of the line. That part isn't known beforehand, as a core may add
//! several times before the line is taken from it; so `each` is fitted. The model leaves out that
//! transfers take longer the more cores and sockets there are.
//!
//! Sources: T. David, R. Guerraoui and V. Trigonakis, "Everything You Always Wanted to Know About
//! Synchronization but Were Afraid to Ask" (SOSP 2013), and H. Schweizer, M. Besta and T. Hoefler,
//! "Evaluating the Cost of Atomic Operations on Modern Architectures" (PACT 2015), measured that
//! such adds are serialised, each at the cost of a transfer. The fit is the median of the points'
//! slopes: H. Theil, "A rank-invariant method of linear and polynomial regression analysis" (1950),
//! here through a fixed point.

use super::stats::Spread;

/// Number of cores that add, and what an add costs a core, in nanoseconds.
pub(crate) type Point = (usize, f64);

/// The factor by which a model may miss what was measured.
const TOLERABLE: f64 = 2.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fit {
    pub(crate) alone: f64,
    pub(crate) each: f64,
}

impl Fit {
    /// Of the cost on one core, and on more: on two numbers of cores at least, as one is always met
    /// exactly.
    pub(crate) fn of(points: &[Point]) -> Result<Self, String> {
        let alone = points.iter().find(|(cores, _)| *cores == 1).map(|(_, nanos)| *nanos);
        let slopes = |alone: f64| {
            points
                .iter()
                .filter(|(cores, _)| *cores > 1)
                .map(move |(cores, nanos)| (nanos - alone) / (cores - 1) as f64)
                .collect::<Vec<_>>()
        };
        match alone.map(|alone| (alone, slopes(alone))) {
            Some((alone, slopes)) if slopes.len() >= 2 => {
                Ok(Self { alone, each: Spread::of(slopes).median })
            }
            _ => Err(format!(
                "the model can't be fitted: expected costs on one core and on two other numbers of cores, found {}",
                numbers(points)
            )),
        }
    }

    pub(crate) fn at(&self, cores: usize) -> f64 {
        self.alone + (cores - 1) as f64 * self.each
    }
}

/// An error if a model misses one of the points by more than is tolerable.
pub(crate) fn check(
    name: &str,
    model: impl Fn(usize) -> f64,
    points: &[Point],
) -> Result<(), String> {
    let is_missed = |&&(cores, nanos): &&Point| {
        let ratio = model(cores) / nanos;
        !(1.0 / TOLERABLE..=TOLERABLE).contains(&ratio)
    };
    points.iter().find(is_missed).map_or(Ok(()), |&(cores, nanos)| {
        Err(format!(
            "the model misses {name} on {cores} cores: {:.2} ns, where {nanos:.2} ns were measured: expected less than a \
             factor of {TOLERABLE}",
            model(cores)
        ))
    })
}

fn numbers(points: &[Point]) -> String {
    let numbers: Vec<String> = points.iter().map(|(cores, _)| cores.to_string()).collect();
    if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") }
}
