//! Prints the figures of this executable, or of the shared object that is named.

use std::env;

fn main() -> Result<(), libloading::Error> {
    match env::args_os().nth(1) {
        None => print!("{}", quipu_linkage::measure()),
        Some(path) => {
            // SAFETY: the object is an example of this package, which has such a function.
            unsafe {
                let object = libloading::Library::new(path)?;
                object.get::<extern "C" fn()>(b"measure")?();
            }
        }
    }
    Ok(())
}
