//! `gapdeck completions`: what lets a shell complete gapdeck's words.

use super::Cli;
use super::output::print_exactly;
use crate::error::AppError;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Generator;
use clap_complete::aot::{Bash, Elvish, Fish, PowerShell, Zsh};
use clap_complete_nushell::Nushell;

/// A shell that gapdeck can write completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}

/// Prints a script that lets a shell complete gapdeck's commands and options.
#[derive(Debug, Args)]
#[command(after_help = "\
bash        gapdeck completions bash > ~/.local/share/bash-completion/completions/gapdeck
zsh         gapdeck completions zsh > _gapdeck, in a directory of $fpath
fish        gapdeck completions fish > ~/.config/fish/completions/gapdeck.fish
powershell  gapdeck completions powershell | Out-String | Invoke-Expression, in $PROFILE
elvish      gapdeck completions elvish > ~/.config/elvish/lib/gapdeck.elv, then `use gapdeck`
nushell     gapdeck completions nushell > gapdeck.nu, then `use gapdeck.nu *`")]
pub struct Completions {
    shell: Shell,
}

pub(super) fn run(command: &Completions) -> Result<(), AppError> {
    print_exactly(&match command.shell {
        Shell::Bash => script(Bash),
        Shell::Elvish => script(Elvish),
        Shell::Fish => script(Fish),
        Shell::Nushell => script(Nushell),
        Shell::Powershell => script(PowerShell),
        Shell::Zsh => script(Zsh),
    })
}

fn script(shell: impl Generator) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gapdeck", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
