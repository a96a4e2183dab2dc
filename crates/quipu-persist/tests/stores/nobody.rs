//! The user that servers run as, since PostgreSQL doesn't run as root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

/// The user `nobody`.
pub(crate) const NOBODY: u32 = 65534;

pub(crate) fn is_root() -> bool {
    // SAFETY: has no preconditions.
    unsafe { libc::geteuid() == 0 }
}

pub(crate) fn give_to_nobody(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give a file away");
    }
}

/// Makes a file readable for the servers' user alone.
pub(crate) fn make_secret(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("a file of one's own");
    give_to_nobody(path);
}
