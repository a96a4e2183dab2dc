use std::fs;

use crate::draft::Draft;

#[test]
fn file_appears_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figures.csv");
    fs::write(&path, "old").unwrap();
    let mut draft = Draft::open(&path).unwrap();
    draft.write(b"new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(draft.finish().unwrap().file_name(), path.file_name());
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn dropped_draft_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(Draft::open(&folder.path().join("figures.csv")).unwrap());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figures.csv");
    let _first = Draft::open(&path).unwrap();
    for path in [&path, folder.path(), &folder.path().join("nowhere/figures.csv")] {
        let error = Draft::open(path).unwrap_err();
        assert!(error.contains(path.file_name().unwrap().to_str().unwrap()), "{error}");
        assert!(error.ends_with("expected a file that can be written"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn link_stays_and_device_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("figures.csv"), folder.path().join("link.csv"));
    fs::write(&path, "old").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut draft = Draft::open(&link).unwrap();
    draft.write(b"new").unwrap();
    draft.finish().unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert!(Draft::open("/dev/null".as_ref()).unwrap_err().contains("not a regular file"));
}
