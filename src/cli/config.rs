//! `countersign config`: the configuration as the server would read it.

use super::deployment::Target;
use super::failure::Failure;
use super::output;
use crate::domain::mail;

/// Checks or prints the configuration.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Reads everything and tells each problem with its mend
    #[command(after_help = "Example: countersign config check --config countersign.toml")]
    Check {
        #[command(flatten)]
        target: Target,
    },
    /// Prints every key with the value in force, as TOML; secrets are left out
    #[command(after_help = "Example: countersign config print --config countersign.toml")]
    Print {
        #[command(flatten)]
        target: Target,
    },
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check { target } => {
            let config = target.config()?;
            mail::check(&config.mail.texts).map_err(|error| Failure::operator(error.to_string()))?;
            output::either(target.json, &serde_json::json!({ "ok": true }), || {
                "The configuration is well.".to_owned()
            })
        }
        Command::Print { target } => {
            let text = target.config()?.to_toml();
            if !target.json {
                return output::line(text.trim_end());
            }
            let table: toml::Table = text
                .parse()
                .map_err(|_| Failure::fault("the printed TOML does not parse"))?;
            output::json(&table)
        }
    }
}
