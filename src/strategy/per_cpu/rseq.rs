//! Whether restartable sequences can be used, and where the current thread's area is.

mod add;
#[cfg(test)]
mod tests;

use std::ffi::CStr;
use std::num::NonZero;

/// Adds by restartable sequences, through the areas that glibc registered with the kernel.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Rseq {
    /// From the thread pointer to the thread's `struct rseq`.
    area: NonZero<isize>,
    /// CPUs have numbers below this one, or their adds fail.
    cpus: u32,
}

impl Rseq {
    pub(in super::super) fn cpus(self) -> u32 {
        self.cpus
    }
}

/// The bytes of `struct rseq` up to the end of `rseq_cs`, the last field that is used.
const AREA_SIZE: u32 = 16;

/// `None` where glibc has not registered the main thread, or the user doesn't want it.
pub(in super::super) fn detect() -> Option<Rseq> {
    if std::env::var_os("QUIPU_PERCPU").is_some_and(|value| value == "off") {
        return None;
    }
    // SAFETY: glibc, from 2.35 on, has these two constants of these types.
    let (offset, size) =
        unsafe { (constant::<isize>(c"__rseq_offset")?, constant::<u32>(c"__rseq_size")?) };
    // The size is 0 where the registration failed.
    if size < AREA_SIZE {
        return None;
    }
    // SAFETY: it only asks for a number.
    let cpus = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) };
    Some(Rseq { area: NonZero::new(offset)?, cpus: u32::try_from(cpus).ok()? })
}

/// The value of an exported constant; `None` if this C library doesn't have it.
///
/// # Safety
/// If there is such a symbol, it is a constant of the type `T`.
unsafe fn constant<T: Copy>(symbol: &CStr) -> Option<T> {
    // SAFETY: the name ends with a null byte.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, symbol.as_ptr()) };
    // SAFETY: the caller vouches for the type.
    (!address.is_null()).then(|| unsafe { address.cast::<T>().read() })
}
