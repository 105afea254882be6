//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    auditlog::cli::main()
}
