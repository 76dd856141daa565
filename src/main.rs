//! gapdeck: arguments, run, error to exit code; nothing else.

use gapdeck::cli::{self, Cli};
use gapdeck::error::{AppError, ErrorKind};
use gapdeck::{config, crash};
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    crash::install(config::state_directory());
    // A panic has been told by then: what is left is the exit code.
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| run(cli)));
    let Ok(result) = result else { return ExitCode::from(ErrorKind::Internal.exit_code()) };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::stderr().write_all(error.report().as_bytes());
            ExitCode::from(error.kind.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<(), AppError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(
            |error| AppError::new(ErrorKind::Internal, format!("cannot start the runtime: {error}")),
        )?;
    let result = runtime.block_on(cli::run(cli));
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}
