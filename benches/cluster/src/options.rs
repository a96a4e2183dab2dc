//! The options of the command line.

use std::str::FromStr;

/// Takes `--name value` out of the arguments.
pub fn take<T: FromStr>(
    arguments: &mut Vec<String>,
    name: &str,
    default: T,
    expected: &str,
) -> Result<T, String> {
    let Some(at) = arguments.iter().position(|argument| argument == name) else {
        return Ok(default);
    };
    arguments.remove(at);
    let value = if at < arguments.len() { arguments.remove(at) } else { String::new() };
    value.parse().map_err(|_| format!("{name} {value:?}: expected {expected}"))
}
