//! Facts about the machine and its system. One that the system doesn't tell is `None`.

use std::env::consts;
use std::fs;

use serde::Serialize;

use super::machine;
use super::threads::cores;

#[derive(Debug, Serialize)]
pub(crate) struct System {
    pub(crate) processor: Option<String>,
    /// Cores that the process may use.
    pub(crate) cores: usize,
    pub(crate) hypervisor: Option<String>,
    pub(crate) kernel: String,
    /// Of the first core's frequency.
    pub(crate) governor: Option<String>,
    /// Where the kernel has the time from.
    pub(crate) clock_source: Option<String>,
}

impl System {
    pub(crate) fn here() -> Self {
        let cpus = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
        let clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        Self {
            processor: machine::processor(),
            cores: cores(),
            hypervisor: hypervisor(),
            kernel: kernel(),
            governor: line(cpus),
            clock_source: line(clock),
        }
    }
}

/// Load averages of 1, 5 and 15 minutes.
pub(crate) fn load_average() -> Option<[f64; 3]> {
    let text = line("/proc/loadavg")?;
    let mut numbers = text.split_whitespace().map_while(|number| number.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}

fn kernel() -> String {
    let release = line("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {release}", consts::OS).trim_end().to_owned()
}

fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The name that a hypervisor has given itself, such as `KVMKVMKVM`; "none" on bare metal.
///
/// Source: Intel's and AMD's manuals reserve bit 31 of ECX of leaf 1 and the leaves from
/// 0x4000_0000 on for hypervisors.
#[cfg(target_arch = "x86_64")]
#[allow(unused_unsafe, reason = "newer compilers have it safe")]
fn hypervisor() -> Option<String> {
    use std::arch::x86_64::__cpuid;

    // SAFETY: every x86_64 has the instruction, and leaf 1.
    if unsafe { __cpuid(1) }.ecx >> 31 == 0 {
        return Some("none".to_owned());
    }
    // SAFETY: as above; the leaf is there, as there is a hypervisor.
    let leaf = unsafe { __cpuid(0x4000_0000) };
    let name = [leaf.ebx, leaf.ecx, leaf.edx].map(u32::to_le_bytes).concat();
    Some(String::from_utf8_lossy(&name).trim_matches(['\0', ' ']).to_owned())
}

#[cfg(not(target_arch = "x86_64"))]
fn hypervisor() -> Option<String> {
    line("/sys/hypervisor/type")
}
