use crate::program::{Program, compiler};

#[test]
fn compiler_is_found_in_the_comment_of_a_program() {
    let program =
        b"\x7fELF rustc version \0GCC: 12\0rustc version 1.85.0 (4d91de4e4 2025-02-17)\0rest";
    assert_eq!(compiler(program).as_deref(), Some("rustc version 1.85.0 (4d91de4e4 2025-02-17)"));
    assert_eq!(compiler(b"rustc version 1.85.0").as_deref(), Some("rustc version 1.85.0"));
    assert_eq!(compiler(b"rustc version "), None);
}

#[cfg(target_os = "linux")]
#[test]
fn compiler_of_this_program_is_known() {
    let program = Program::this();
    assert!(
        program.compiler.as_ref().is_some_and(|compiler| compiler.starts_with("rustc version 1.")),
        "{program:?}"
    );
}
