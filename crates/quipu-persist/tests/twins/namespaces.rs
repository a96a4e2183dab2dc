//! Applications in one store, each in a name space of its own.

use quipu_persist::{Batch, BatchId, Claim, Entry, Error, ErrorKind, Outcome, Store, Writer};

use crate::twins::{self, LONG};

/// The last name is that of the tests' user, and what all names have in common.
const NAMES: [Option<&str>; 4] = [None, Some("shop"), Some("shop_2"), Some("quipu")];

/// `open` opens the store, in this name space.
pub(crate) fn check<S: Store>(open: impl Fn(Option<&'static str>) -> S) {
    let mut owners = Vec::new();
    for (name, total) in NAMES.into_iter().zip(1..) {
        let mut store = open(name);
        assert!(store.slots().unwrap().is_empty(), "{name:?}");
        assert_eq!(store.lease(0).unwrap(), None, "{name:?}");
        let owner = Writer::new("web").unwrap();
        let claimed = store.claim(&Claim::new(owner.clone(), LONG)).unwrap();
        assert_eq!((claimed.slot, claimed.epoch, claimed.base.len()), (0, 1, 0), "{name:?}");
        owners.push((owner.clone(), total));
        let id = BatchId { number: 7, entries: 1 };
        let mut batch = Batch::new((0, 1), owner, BatchId::NONE, id, LONG);
        batch.entries.push(Entry { counter: "likes".into(), total });
        assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
        // Another one's batch isn't this one's.
        batch.owner = owners[0].0.clone();
        if total > 1 {
            assert!(matches!(store.flush(&batch).unwrap(), Outcome::Refused(Some(_))), "{name:?}");
        }
    }
    twins::check(&mut open(Some("twin")), 200);
    for (name, (owner, total)) in NAMES.into_iter().zip(owners) {
        let mut store = open(name);
        assert_eq!(store.totals().unwrap(), [("likes".to_owned(), total)].into(), "{name:?}");
        assert_eq!(store.by_slot("likes").unwrap(), [(0, total)].into(), "{name:?}");
        let slots = store.slots().unwrap();
        assert_eq!((slots.len(), &slots[&0].owner), (1, &owner), "{name:?}");
        assert_eq!(store.lease(0).unwrap().unwrap().owner, owner, "{name:?}");
    }
}

/// `open` opens the store in this name space. The error names the value, and what was expected.
pub(crate) fn refuses_bad_names<S>(open: impl Fn(&str) -> Result<S, Error>) {
    for name in ["", "Shop", "a.b", "a:b", "a}b", "*", ">", "2shop", "sqlite_shop", "a\"; DROP--"] {
        let error = open(name).err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected = format!("{name:?}: expected a name space of 1 to 32 lower-case ASCII");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}
