//! The user that servers run as, since PostgreSQL doesn't run as root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

/// The user `nobody`.
pub const NOBODY: u32 = 65534;

/// Whether this process may do all.
pub fn is_root() -> bool {
    // SAFETY: has no preconditions.
    unsafe { libc::geteuid() == 0 }
}

/// Gives a file or a folder to the servers' user, if this process may do so.
pub fn give_to_nobody(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give a file away");
    }
}

/// Makes a file readable for the servers' user alone.
pub fn make_secret(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("a file of one's own");
    give_to_nobody(path);
}
