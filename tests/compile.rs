//! Programs that must not compile, each beside a twin that does: `tests/compile/fail` and
//! `tests/compile/pass`.
//!
//! A case that fails begins with the error that it expects, of which the compiler's own must have
//! the code and the words. Whole messages are not compared, as snapshots of them differ from one
//! compiler to the next.
#![cfg(not(miri))]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const FAIL: &str = "tests/compile/fail";
const PASS: &str = "tests/compile/pass";

/// The names of a folder's cases. Those of dynamic families need their feature.
fn cases(folder: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let name = |file: PathBuf| file.file_stem().unwrap().to_str().unwrap().to_owned();
    let has_feature =
        |name: &String| cfg!(feature = "dynamic-labels") || !name.starts_with("dynamic_family");
    files.map(|file| name(file.unwrap().path())).filter(has_feature).collect()
}

/// A package that has the folder's cases as programs, with the crate as its dependency.
fn write_package(folder: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let root = env!("CARGO_MANIFEST_DIR");
    let features = if cfg!(feature = "dynamic-labels") { "\"dynamic-labels\"" } else { "" };
    let programs: String = cases(folder)
        .iter()
        .map(|case| format!("[[bin]]\nname = \"{case}\"\npath = \"{root}/{folder}/{case}.rs\"\n"))
        .collect();
    let manifest = format!(
        "[package]\nname = \"cases\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nquipu = {{ path = \"{root}\", features = [{features}] }}\n{programs}"
    );
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(Path::new(root).join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    package
}

/// Cargo's messages when it builds a case, an error a line. A build, for a check doesn't evaluate
/// the constants of generic functions.
fn build(package: &Path, case: &str) -> (bool, String) {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--message-format=short", "--color=never", "--bin", case])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile-target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo");
    (output.status.success(), String::from_utf8(output.stderr).expect("text"))
}

/// The first line of a case, after `//! `.
fn expected(case: &str) -> String {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join(FAIL).join(format!("{case}.rs")),
    )
    .unwrap();
    let first = text.lines().next().and_then(|line| line.strip_prefix("//! "));
    first
        .unwrap_or_else(|| {
            panic!("{case}: expected the error that it fails with in its first line")
        })
        .to_owned()
}

#[test]
fn every_case_has_a_twin() {
    assert_eq!(cases(FAIL), cases(PASS));
    assert!(!cases(FAIL).is_empty());
}

#[test]
fn what_must_not_compile_does_not() {
    let package = write_package(FAIL);
    for case in cases(FAIL) {
        let (is_built, text) = build(&package, &case);
        let expected = expected(&case);
        assert!(!is_built && text.contains(&expected), "{case}: expected {expected}, found {text}");
    }
}

#[test]
fn the_twins_compile() {
    let package = write_package(PASS);
    for case in cases(PASS) {
        let (is_built, text) = build(&package, &case);
        assert!(is_built, "{case}: {text}");
    }
}
