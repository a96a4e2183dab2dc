//! Names of applications that share a store.

use super::{Error, ErrorKind};

/// The longest name, in bytes: with what a store adds to it, it is a name of a table.
const LONGEST: usize = 32;

/// An error unless every store can have this name as a part of its own names. So it needs no quotes
/// in any of them, and none takes two of these names for the same.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let is_fit = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    // SQLite keeps such tables for itself.
    let is_reserved = name.starts_with("sqlite");
    if (1..=LONGEST).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(is_fit)
        && !is_reserved
    {
        return Ok(());
    }
    let text = format!(
        "{name:?}: expected a name space of 1 to {LONGEST} lower-case ASCII letters, digits or \
         '_', which begins with a letter, and not with sqlite"
    );
    Err(Error::new(ErrorKind::Config, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["s", "shop", "shop_2", "pg_shop", "quipu", "select", &"a".repeat(LONGEST)] {
            check(name).unwrap();
        }
        let long = "a".repeat(LONGEST + 1);
        let others = [
            "",
            "Shop",
            "2shop",
            "_shop",
            "shop-2",
            "shop.2",
            "shop:2",
            "a b",
            "a\"b",
            "a'b",
            "a;b",
            "a}b",
            "a*",
            "a>",
            "a\0",
            "ü",
            "a\n",
            "sqlite",
            "sqlite_shop",
            &long,
        ];
        for name in others {
            let error = check(name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().starts_with(&format!("{name:?}: expected a name space")));
        }
    }
}
