use std::io::{Error, ErrorKind, Result, Write};

use crate::terminal::say;

struct Broken(ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> Result<usize> {
        Err(Error::from(self.0))
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

#[test]
fn only_a_reader_that_quit_is_no_error() {
    assert_eq!(say(Broken(ErrorKind::BrokenPipe), "text"), Ok(()));
    assert!(
        say(Broken(ErrorKind::StorageFull), "text").unwrap_err().starts_with("standard output: ")
    );
    let mut text = Vec::new();
    say(&mut text, "text").unwrap();
    assert_eq!(text, b"text\n");
}
