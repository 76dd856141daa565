//! gapdeck: arguments, run, error to exit code; nothing else.

use gapdeck::cli::{self, Cli};
use gapdeck::error::{AppError, ErrorKind};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(cli::run(cli));
            runtime.shutdown_timeout(std::time::Duration::from_millis(200));
            result
        }
        Err(error) => Err(AppError::new(ErrorKind::Internal, format!("cannot start the runtime: {error}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::stderr().write_all(error.report().as_bytes());
            ExitCode::from(error.kind.exit_code())
        }
    }
}
