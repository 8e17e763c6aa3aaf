//! The command line: one file or folder for each command.
//!
//! Exit codes: 0 well; 2 something that the operator must mend (arguments, configuration, database, port); 1 a fault of
//! ours, or an unhealthy server. What went wrong is one sentence on standard error; standard output carries results only.

mod client;
mod config;
mod database;
mod deployment;
mod dev;
mod entitlement;
mod failure;
mod healthcheck;
mod keys;
mod logging;
mod mail;
mod migrate;
mod output;
mod ready;
mod serve;
mod user;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Self-hosted sign-in and identity server.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    disable_help_subcommand = true,
    after_help = "Example: countersign dev"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs everything on this machine to try it out: demo application, mailbox page, no configuration
    Dev(dev::Args),
    /// Runs the server
    Serve(serve::Args),
    /// Brings the database up to date, or says how it stands
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Registers, lists and removes the applications that people sign in to
    #[command(subcommand)]
    Client(client::Command),
    /// Makes accounts, lists them, gives them scopes, closes and opens them
    #[command(subcommand)]
    User(user::Command),
    /// Lists, rotates and reseals keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Grants, revokes and shows what people are entitled to; moves an original server's data in
    #[command(subcommand)]
    Entitlement(entitlement::Command),
    /// Tells how the database stands, and prints the tables of entitlements
    #[command(subcommand)]
    Db(database::Command),
    /// Checks or prints the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Shows the mails that go out
    #[command(subcommand)]
    Mail(mail::Command),
    /// Asks a running server whether it is ready: exit code 0 or 1
    Healthcheck(healthcheck::Args),
}

/// Parses `args` (the first is the program's name), runs the command, and tells on standard error what went wrong.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    logging::report_panics();
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return failure::refuse_arguments(&error, &args),
    };
    match std::panic::catch_unwind(|| run(cli.command)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.tell(),
        // The hook has told it.
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Dev(args) => dev::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(command) => migrate::run(&command),
        Command::Client(command) => client::run(command),
        Command::User(command) => user::run(&command),
        Command::Keys(command) => keys::run(&command),
        Command::Entitlement(command) => entitlement::run(&command),
        Command::Db(command) => database::run(&command),
        Command::Config(command) => config::run(&command),
        Command::Mail(command) => mail::run(&command),
        Command::Healthcheck(args) => healthcheck::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// All commands that do something, with the words that lead to them.
    fn leaves(command: &clap::Command) -> Vec<clap::Command> {
        if command.has_subcommands() {
            command.get_subcommands().flat_map(leaves).collect()
        } else {
            vec![command.clone()]
        }
    }

    #[test]
    fn the_parser_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_and_json() {
        for leaf in leaves(&Cli::command()) {
            let help = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("countersign "), "{} has no example", leaf.get_name());
            assert!(
                leaf.get_arguments().any(|argument| argument.get_id() == "json"),
                "{} has no --json",
                leaf.get_name()
            );
        }
    }

    #[test]
    fn every_example_parses() {
        for leaf in leaves(&Cli::command()) {
            let help = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
            for example in help.lines().filter_map(|line| line.split_once("countersign ")) {
                // What the shell takes for itself is not ours.
                let ours = example.1.split_whitespace().take_while(|word| *word != "<");
                let words = std::iter::once("countersign").chain(ours);
                assert!(Cli::try_parse_from(words).is_ok(), "{}", example.1);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_arguments_panic(words in proptest::collection::vec("\\PC{0,12}|user|add|keys|--data|--json", 0..6)) {
            let _ = Cli::try_parse_from(std::iter::once("countersign".to_owned()).chain(words));
        }
    }
}
