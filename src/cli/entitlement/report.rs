//! `countersign entitlement report`.

use clap::ValueEnum;

use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::report as figures;
use crate::domain::entitlement::report::{Cycle, Figures, periods};

/// Counts users, payments and refunds.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  countersign entitlement report daily --config countersign.toml\n  \
                  countersign entitlement report monthly --config countersign.toml --format csv --count 12\n\n\
                  The newest period comes first and is not over; all are of UTC. Weeks are those of ISO 8601."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// How long a period is
    #[arg(value_enum)]
    cycle: CycleName,
    /// How it is written; `--json` is the same as `--format json`
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// How many periods
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CycleName {
    Daily,
    Weekly,
    Monthly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Csv,
    Json,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let cycle = match args.cycle {
        CycleName::Daily => Cycle::Daily,
        CycleName::Weekly => Cycle::Weekly,
        CycleName::Monthly => Cycle::Monthly,
    };
    let now = now();
    let mut found = Vec::new();
    for period in periods(cycle, now, args.count) {
        for row in opened.query(&figures::figures(&period, now))? {
            found.push(figures::read(&period, &row)?);
        }
    }
    match args.format {
        Format::Json => output::json(&found),
        _ if args.target.json => output::json(&found),
        Format::Csv => output::line(csv(&found)?.trim_end()),
        Format::Human => output::line(&human(&found)),
    }
}

fn csv(found: &[Figures]) -> Result<String, Failure> {
    let fault = |error: &dyn std::fmt::Display| Failure::fault(format!("the report cannot be written: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for figures in found {
        writer.serialize(figures).map_err(|error| fault(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| fault(&error))?;
    String::from_utf8(bytes).map_err(|error| fault(&error))
}

fn human(found: &[Figures]) -> String {
    let rows: Vec<_> = found
        .iter()
        .map(|figures| {
            let unfinished = if figures.complete { "" } else { " (so far)" };
            [
                format!("{}{unfinished}", figures.period),
                figures.active_users.to_string(),
                figures.new.to_string(),
                figures.unredeemed.to_string(),
                format!("{}/{}/{}", figures.google, figures.apple, figures.granted),
                format!(
                    "{}/{}/{}",
                    figures.one_month, figures.three_months, figures.twelve_months
                ),
                figures.refunds_started.to_string(),
                figures.revoked.to_string(),
                figures.cancelling.to_string(),
            ]
        })
        .collect();
    output::table(
        [
            "PERIOD",
            "ACTIVE",
            "NEW",
            "UNREDEEMED",
            "GOOGLE/APPLE/GRANTED",
            "1M/3M/12M",
            "REFUNDS",
            "REVOKED",
            "CANCELLING",
        ],
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_written_with_a_heading_in_csv() {
        let figures = Figures {
            period: "2026-W48".to_owned(),
            new: 3,
            ..Figures::default()
        };
        let text = csv(&[figures]).expect("writes");
        let mut lines = text.lines();
        assert!(
            lines
                .next()
                .is_some_and(|heading| heading.starts_with("period,complete,active_users,new,"))
        );
        assert_eq!(lines.next(), Some("2026-W48,false,0,3,0,0,0,0,0,0,0,0,0,0"));
    }
}
