//! The command line: what can be said, and one file a subcommand.

mod activity;
mod agreement;
mod bar;
mod cluster;
mod compare;
mod completions;
mod config;
mod decide;
mod demo;
mod distribute;
mod doctor;
mod embed;
mod export;
mod grants;
mod history;
mod import;
mod index;
mod insights;
mod interrupt;
mod man;
mod migrate;
mod neighbours;
mod open;
mod outbox;
mod output;
mod picture;
mod policy;
mod postbox;
mod product;
mod profile;
mod queue;
mod refresh;
mod review;
mod seeded;
mod threshold;
mod undo;
mod version;
mod vote;

use crate::config::settings::{COLOUR, THEMES};
use crate::config::{Config, Origin};
use crate::error::{AppError, ErrorKind};
use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Without a command, gapdeck reviews: on the embedded database, or on the server that --database-url names.

Exit codes: 0 done, 2 wrong command line, 3 unusable file, value or setting, 4 database not reachable or in use,
5 conflict with another decision, 6 not found, 7 no terminal, 8 decision kept in the outbox but not yet sent,
9 the doctor found an error, 70 fault in gapdeck, 130 interrupted; a signal that ends the review adds its number to 128.";

/// Human-in-the-loop quality assurance of product data, at the terminal.
#[derive(Debug, Parser)]
#[command(name = "gapdeck", version, about, after_help = AFTER_HELP, disable_help_subcommand = true, disable_version_flag = true)]
pub struct Cli {
    #[command(flatten)]
    pub place: Place,
    /// Say nothing but errors on standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print the version, and what it was built from
    #[arg(short = 'V', long)]
    pub version: bool,
    /// With --version: print also where gapdeck keeps its files
    #[arg(long, requires = "version")]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Which database, and who works on it.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// Directory of the embedded database
    #[arg(long, global = true, env = "GAPDECK_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Shared server: postgres://user:password@host/database?sslmode=verify-full
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Standby to read from what may lag; once for each, or several apart by spaces
    #[arg(
        long = "read-url",
        global = true,
        env = "GAPDECK_READ_URLS",
        hide_env_values = true,
        value_name = "URL",
        value_delimiter = ' '
    )]
    pub read_urls: Vec<String>,
    /// How far a standby may lag to be read, in seconds; 10 by default
    #[arg(long, global = true, env = "GAPDECK_MAX_REPLICA_LAG", value_name = "SECONDS")]
    pub max_replica_lag: Option<f64>,
    /// Who decides; the login name by default
    #[arg(long, global = true, env = "GAPDECK_REVIEWER", value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Configuration file
    #[arg(long, global = true, env = "GAPDECK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// When to use colours on the screen
    #[arg(long, global = true, value_name = "WHEN", value_parser = PossibleValuesParser::new(COLOUR))]
    pub color: Option<String>,
    /// The look of the screen
    #[arg(long, global = true, value_name = "NAME", value_parser = PossibleValuesParser::new(THEMES))]
    pub theme: Option<String>,
    /// Where each of these comes from.
    #[arg(skip)]
    pub origins: Origins,
}

/// Where the settings on the command line and in the environment come from.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    pub data_dir: Origin,
    pub database_url: Origin,
    pub read_urls: Origin,
    pub max_replica_lag: Origin,
    pub reviewer: Origin,
}

/// What to do instead of reviewing.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reviews a made-up catalogue on a database of its own
    Demo(demo::Demo),
    /// Imports JSON Lines or CSV files
    Import(import::Import),
    /// Writes tables to JSON Lines or CSV files
    Export(export::Export),
    /// Embeds products, offline or by a server that speaks OpenAI's /v1/embeddings
    Embed(embed::Embed),
    /// Shows the vector index and how good it is, or builds it anew
    Index(index::Index),
    /// Lists the review queue
    Queue(queue::Queue),
    /// Decides on one gap
    Decide(decide::Decide),
    /// Takes back one of your decisions, or a bulk action as one
    Undo(undo::Undo),
    /// Lists the decisions on one gap
    History(history::History),
    /// Lists decisions, the newest first
    Activity(activity::Activity),
    /// Lists the nearest products
    Neighbours(neighbours::Neighbours),
    /// Shows everything the catalogue says of a product
    Product(product::Product),
    /// Shows how often predictions were right, and whether their confidences say so
    Insights(insights::Insights),
    /// Compares two experiments on the same gaps
    Compare(compare::Compare),
    /// Shows how far two people who decide on the same gap say the same
    Agreement(agreement::AgreementCommand),
    /// Shows how well you tell right predictions from wrong ones, to yourself alone
    Profile(profile::ProfileCommand),
    /// Shows which gaps have a known value, to check reviewers by, or forgets some
    Seeded(seeded::SeededCommand),
    /// Asks the nearest products what they say of the candidates, and marks the queue
    Vote(vote::Vote),
    /// Finds the confidence from which on predictions may be accepted unseen
    Threshold(threshold::Threshold),
    /// Lists groups of alike open gaps, and what random checks of them certify
    Cluster(cluster::Cluster),
    /// Shows or sets how the team reviews: second opinions, random samples, blind choices, known values
    Policy(policy::PolicyCommand),
    /// Brings the materialised views up to date
    Refresh(refresh::Refresh),
    /// Shows, sends or discards decisions that the database does not have yet
    Outbox(outbox::OutboxCommand),
    /// Prints the SQL that lets a database role review
    Grants(grants::Grants),
    /// Looks for what is wrong with the database, and says what to do about it
    Doctor(doctor::Doctor),
    /// Creates or updates the tables
    Migrate(migrate::Migrate),
    /// Distributes the tables over the servers of a Citus cluster
    Distribute(distribute::Distribute),
    /// Shows the settings: what holds and why, where the file is, every default
    Config(config::ConfigCommand),
    /// Draws a screen of the demo as an SVG
    Picture(picture::Picture),
    /// Prints a script that lets a shell complete gapdeck's words
    Completions(completions::Completions),
    /// Prints the manual page, or writes those of all commands
    Man(man::Man),
}

impl Command {
    /// Tells whether somebody at the terminal sees what is wrong with the configuration.
    fn is_watched(&self) -> bool {
        match self {
            Self::Config(_) => true,
            Self::Demo(command) => command.is_review(),
            _ => false,
        }
    }
}

impl Cli {
    /// Reads the process's command line; ends the process with help or an error where clap says so.
    pub fn from_command_line() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let origin = |id, flag, variable| Origin::of(&matches, id, flag, variable);
        cli.place.origins = Origins {
            data_dir: origin("data_dir", "--data-dir", "GAPDECK_DATA_DIR"),
            database_url: origin("database_url", "--database-url", "DATABASE_URL"),
            read_urls: origin("read_urls", "--read-url", "GAPDECK_READ_URLS"),
            max_replica_lag: origin("max_replica_lag", "--max-replica-lag", "GAPDECK_MAX_REPLICA_LAG"),
            reviewer: origin("reviewer", "--reviewer", "GAPDECK_REVIEWER"),
        };
        cli
    }
}

/// Carries out a command line.
///
/// # Errors
/// What the command returns; its kind fixes the exit code.
pub async fn run(cli: Cli) -> Result<(), AppError> {
    output::set_quiet(cli.quiet);
    if cli.version {
        return version::run(cli.verbose, &cli.place);
    }
    // These need no setting, and help where one is wrong.
    match &cli.command {
        Some(Command::Completions(command)) => return completions::run(command),
        Some(Command::Man(command)) => return man::run(command),
        _ => {}
    }
    let config = Config::load(&cli.place)?;
    if cli.command.as_ref().is_some_and(|command| !command.is_watched()) {
        config.strict()?;
    }
    match cli.command {
        Some(Command::Completions(_) | Command::Man(_)) => Ok(()),
        None => review::run(&config).await,
        Some(Command::Demo(command)) => demo::run(command, &config).await,
        Some(Command::Import(command)) => import::run(command, &config).await,
        Some(Command::Export(command)) => export::run(command, &config).await,
        Some(Command::Embed(command)) => embed::run(command, &config).await,
        Some(Command::Index(command)) => index::run(command, &config).await,
        Some(Command::Queue(command)) => queue::run(command, &config).await,
        Some(Command::Decide(command)) => decide::run(command, &config).await,
        Some(Command::Undo(command)) => undo::run(command, &config).await,
        Some(Command::History(command)) => history::run(command, &config).await,
        Some(Command::Activity(command)) => activity::run(command, &config).await,
        Some(Command::Neighbours(command)) => neighbours::run(command, &config).await,
        Some(Command::Product(command)) => product::run(command, &config).await,
        Some(Command::Insights(command)) => insights::run(command, &config).await,
        Some(Command::Compare(command)) => compare::run(command, &config).await,
        Some(Command::Agreement(command)) => agreement::run(command, &config).await,
        Some(Command::Profile(command)) => profile::run(command, &config).await,
        Some(Command::Seeded(command)) => seeded::run(command, &config).await,
        Some(Command::Vote(command)) => vote::run(command, &config).await,
        Some(Command::Threshold(command)) => threshold::run(command, &config).await,
        Some(Command::Cluster(command)) => cluster::run(command, &config).await,
        Some(Command::Policy(command)) => policy::run(command, &config).await,
        Some(Command::Refresh(command)) => refresh::run(command, &config).await,
        Some(Command::Outbox(command)) => outbox::run(command, &config).await,
        Some(Command::Grants(command)) => grants::run(command).await,
        Some(Command::Doctor(command)) => doctor::run(command, &config).await,
        Some(Command::Migrate(command)) => migrate::run(command, &config).await,
        Some(Command::Picture(command)) => picture::run(command, &config).await,
        Some(Command::Distribute(command)) => distribute::run(&command, &config).await,
        Some(Command::Config(command)) => config::run(&command, &config),
    }
}

/// Reads a word of a fixed set, or says which words there are.
fn word<T>(text: &str, parse: impl Fn(&str) -> Option<T>, words: &[&str]) -> Result<T, AppError> {
    parse(text).ok_or_else(|| {
        AppError::new(ErrorKind::Usage, format!("\"{text}\" is not one of {}", words.join(", ")))
    })
}
