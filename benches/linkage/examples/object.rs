//! The shared object, for C and whatever loads it at run time.

/// Prints the figures.
#[unsafe(no_mangle)]
pub extern "C" fn measure() {
    print!("{}", quipu_linkage::measure());
}
