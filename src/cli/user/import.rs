//! `countersign user import`: invites many, from a table.

mod table;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::Serialize;

use crate::actors::mailer::letters::Letters;
use crate::actors::members::invitation::{Invitation, Invited, invite};
use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::Onboarding;
use crate::db::{Decision, Transaction};
use crate::system::SystemRandom;

/// Invites everybody in a table.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign user import --config countersign.toml members.csv\n\n\
                  The first line names the columns, in any order: email, which is needed, and given_name, family_name,\n\
                  phone, locale, membership_number, joined (2020-09-01). Commas, semicolons or tabs stand between.\n\
                  Whoever has an account or an invitation already is left as they are, so it can be run again."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// The table: CSV in UTF-8
    file: PathBuf,
    /// Check the table and tell what would be refused; invite nobody
    #[arg(long)]
    dry_run: bool,
}

/// What became of the table.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// How many were invited (or would be).
    invited: usize,
    /// How many have an account or an invitation already.
    already: usize,
    /// Who was refused, and why.
    refused: Vec<Refusal>,
}

/// A line of the table that was not taken.
#[derive(Debug, Serialize)]
struct Refusal {
    /// Its number in the file, from 1.
    line: u64,
    /// What is wrong with it.
    reason: String,
}

/// Runs the command. Each person is a transaction of their own: one that fails stops none of the others.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    if opened.config.define.onboarding == Onboarding::Closed {
        return Err(Failure::operator(
            "define.onboarding is \"closed\", so that nobody could register; write \"invite\", \"approval\" or \"open\"",
        ));
    }
    let table = table::read(&args.file)?;
    let secrets = opened.secrets()?;
    let letters = Letters {
        secrets: Arc::clone(&secrets),
        config: Arc::new(opened.config.clone()),
        random: Arc::new(SystemRandom),
    };
    let mut report = Report::default();
    let bar = progress(args.target.json, table.len());
    for (line, entry) in table {
        let outcome = match entry {
            Ok(entry) => {
                let invitation = Invitation {
                    identifier: secrets.identifier.identify(&entry.email),
                    email: entry.email,
                    introduction: entry.introduction,
                    membership: entry.membership,
                };
                one(&mut opened, &letters, invitation, args.dry_run)?
            }
            Err(reason) => Err(reason),
        };
        match outcome {
            Ok(Invited::Yes) => report.invited += 1,
            Ok(Invited::HasAccount | Invited::Before) => report.already += 1,
            Ok(Invited::NumberTaken) => report.refuse(line, "somebody else has this membership number"),
            Err(reason) => report.refuse(line, reason),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    output::either(args.target.json, &report, || report.text(args.dry_run))
}

/// A bar on a terminal; nothing where standard error is a file, or a program reads along.
fn progress(silent: bool, length: usize) -> ProgressBar {
    let target = if silent {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    ProgressBar::with_draw_target(u64::try_from(length).ok(), target)
}

fn one(
    opened: &mut Opened,
    letters: &Letters,
    invitation: Invitation,
    dry_run: bool,
) -> Result<Result<Invited, String>, Failure> {
    let letters = letters.clone();
    let invited = opened
        .writer
        .transact("import", async move |transaction: &mut Transaction<'_>| {
            let invited = invite(transaction, &letters, &invitation, now()).await?;
            Ok(if invited == Invited::Yes && !dry_run {
                Decision::Commit(invited)
            } else {
                Decision::Rollback(invited)
            })
        })?;
    Ok(Ok(invited))
}

impl Report {
    fn refuse(&mut self, line: u64, reason: impl Into<String>) {
        self.refused.push(Refusal {
            line,
            reason: reason.into(),
        });
    }

    fn text(&self, dry_run: bool) -> String {
        let verb = if dry_run { "would be invited" } else { "invited" };
        let mut text = format!(
            "{} {verb}, {} had an account or an invitation already, {} refused",
            self.invited,
            self.already,
            self.refused.len()
        );
        for refusal in &self.refused {
            // Writing to a String cannot fail.
            let _ = write!(text, "\nline {}: {}", refusal.line, refusal.reason);
        }
        text
    }
}
