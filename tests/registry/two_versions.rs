//! Two versions of quipu in one program: a copy of the sources under another version number.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use quipu_testing::process::folder;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The version of the copy.
const OTHER: &str = "0.99.0";

const PROGRAM: &str = r#"
use quipu_registry::{Entry, Label, Sample, Value};

static OURS: quipu::Counter = quipu::Counter::named("ours_total", "By this version.");
static THEIRS: other::Counter = other::Counter::named("theirs_total", "By the other version.");
static BOTH: quipu::Counter = quipu::Counter::named("both_total", "By both.");
static BOTH_TOO: other::Counter = other::Counter::named("both_total", "By both.");
static SECONDS: quipu::FloatCounter = quipu::FloatCounter::named("seconds_total", "By this version.");
static SIDES: other::CounterArray<2> =
    other::CounterArray::named("sides_total", "By the other version.", "side", &["left", "right"]);

fn disks(visit: &mut dyn FnMut(&Sample<'_>)) {
    let labels = [Label::new("disk", "sda"), Label::new("state", "free")];
    visit(&Sample::new("disk_bytes", Value::Gauge(4096)).with_help("By a function.").with_labels(&labels));
}

static DISKS: Entry = Entry::new(&disks);

fn main() {
    DISKS.register();
    OURS.add(1);
    THEIRS.add(2);
    BOTH.add(10);
    BOTH_TOO.add(100);
    SECONDS.add(0.5);
    SIDES[1].add(3);
    for _ in 0..2 {
        print!("{}=====\n", quipu::snapshot().prometheus());
        print!("{}=====\n", other::snapshot().prometheus());
    }
    let (ours, theirs) = (quipu::snapshot(), other::snapshot());
    assert_eq!(ours.get("both_total", None).unwrap().value, quipu::Value::Unsigned(110));
    assert_eq!(theirs.get("both_total", None).unwrap().value, other::Value::Unsigned(110));
    assert_eq!(ours.get("disk_bytes", ["sda", "free"]).unwrap().value, quipu::Value::Signed(4096));
    assert_eq!(theirs.get("disk_bytes", ["sda", "free"]).unwrap().value, other::Value::Signed(4096));
}
"#;

const EXPECTED: &str = r#"# HELP both_total By both.
# TYPE both_total counter
both_total 110
# HELP disk_bytes By a function.
# TYPE disk_bytes gauge
disk_bytes{disk="sda",state="free"} 4096
# HELP ours_total By this version.
# TYPE ours_total counter
ours_total 1
# HELP seconds_total By this version.
# TYPE seconds_total counter
seconds_total 0.5
# HELP sides_total By the other version.
# TYPE sides_total counter
sides_total{side="left"} 0
sides_total{side="right"} 3
# HELP theirs_total By the other version.
# TYPE theirs_total counter
theirs_total 2
"#;

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let copy = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_folder(&file.path(), &copy);
        } else {
            fs::copy(file.path(), copy).unwrap();
        }
    }
}

/// A copy of this package with another version, and without what needs the workspace.
fn write_copy(folder: &Path) {
    let root = Path::new(ROOT);
    copy_folder(&root.join("src"), &folder.join("src"));
    fs::copy(root.join("README.md"), folder.join("README.md")).unwrap();
    let registry = root.join("crates/quipu-registry");
    let manifest = format!(
        "[package]\nname = \"quipu\"\nversion = \"{OTHER}\"\nedition = \"2024\"\n\
         [dependencies]\ncrossbeam-utils = {{ version = \"0.8\", default-features = false }}\n\
         quipu-registry.path = {registry:?}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
}

fn write_program(folder: &Path) {
    let (root, registry) = (Path::new(ROOT), Path::new(ROOT).join("crates/quipu-registry"));
    let manifest = format!(
        "[package]\nname = \"program\"\nedition = \"2024\"\n[workspace]\nexclude = [\"other\"]\n\
         [dependencies]\nquipu.path = {root:?}\nquipu-registry.path = {registry:?}\n\
         other = {{ package = \"quipu\", version = \"{OTHER}\", path = \"other\" }}\n"
    );
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/main.rs"), PROGRAM).unwrap();
    // The versions that this build has, so that none is looked for.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

#[test]
fn each_of_two_versions_shows_the_counters_of_both() {
    let folder = folder();
    write_program(folder.path());
    write_copy(&folder.path().join("other"));
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--offline", "--quiet", "--color=never"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("two-versions-target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("text");
    let texts: Vec<_> = printed.split_terminator("=====\n").collect();
    assert_eq!(texts, [EXPECTED; 4]);
}
