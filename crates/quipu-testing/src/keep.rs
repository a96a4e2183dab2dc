//! Values that live as long as the process, as names have to.

use std::any::Any;
use std::sync::Mutex;

/// The value, in a place where checks for leaks find it.
pub fn keep<T: Any + Sync>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<&'static (dyn Any + Sync)>> = Mutex::new(Vec::new());
    let value: &'static T = Box::leak(Box::new(value));
    KEPT.lock().expect("no thread panics with the lock").push(value);
    value
}
