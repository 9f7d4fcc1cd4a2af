//! The `edgerail` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    edgerail::cli::main()
}
