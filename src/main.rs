//! The `auditlog` program: parses, runs, and hands back an exit code.

use std::process::ExitCode;

use auditlog::output::Ui;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            Ui::default().error(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(auditlog::cli::run(std::env::args_os()));
    // A blocked read of standard input must not keep a finished program alive.
    runtime.shutdown_background();
    ExitCode::from(code as u8)
}
