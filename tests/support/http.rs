//! The client of the tests.

use std::time::Duration;

use ureq::Agent;

pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(Duration::from_secs(60))).build().into()
}
