//! Answers other programs how path patterns choose: reads lines of `pattern TAB name` and
//! writes `1` or `0` for each, for comparison with other TUF clients.
#![allow(clippy::print_stdout, reason = "what it writes is its purpose")]

use std::io::{self, BufRead};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (pattern, name) = line.split_once('\t').ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "a line is a pattern, a tab and a name",
            )
        })?;
        println!("{}", u8::from(edgerail_trust::glob::matches(pattern, name)));
    }
    Ok(())
}
