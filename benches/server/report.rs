//! Tables, as they stand in docs/performance.md.

use crate::clock::median;
use crate::load::Measured;

/// One operation: what it costs at least, and what it cost.
pub struct Line {
    /// What is done.
    pub name: &'static str,
    /// The floor by part, in µs.
    pub floor: Vec<(&'static str, f64)>,
    /// How many times the floor it may cost.
    pub goal: f64,
    /// What was measured.
    pub measured: Measured,
}

impl Line {
    fn floor(&self) -> f64 {
        self.floor.iter().map(|(_, micros)| micros).sum()
    }

    fn ratio(&self) -> f64 {
        self.measured.micros / self.floor()
    }
}

/// Prints all lines, of which every round has the same: the medians first, then what the floors consist of. The ratio is
/// the median of those of the rounds, in each of which server and floor took turns on the machine as it was then.
pub fn print(rounds: &[Vec<Line>]) {
    println!(
        "| operation | floor µs | server µs | ratio | lowest, highest | goal | per s | p50 ms | p99 ms | p99.9 ms |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    for lines in transposed(rounds) {
        let Line { name, goal, .. } = lines[0];
        let all: Vec<_> = lines.iter().map(|line| &line.measured).collect();
        let measured = Measured::median(&all);
        println!(
            "| {name} | {:.1} | {:.1} | {} | {goal:.1} | {:.0} | {:.2} | {:.2} | {:.2} |",
            median(lines.iter().map(|line| line.floor())),
            measured.micros,
            ratios(lines.iter().map(|line| line.ratio())),
            measured.rate,
            measured.percentile(0.5),
            measured.percentile(0.99),
            measured.percentile(0.999),
        );
    }
    println!("\nThe floors by part, in µs:\n");
    for lines in transposed(rounds) {
        let parts: Vec<_> = lines[0]
            .floor
            .iter()
            .enumerate()
            .map(|(at, (part, _))| format!("{part} {:.1}", median(lines.iter().map(|line| line.floor[at].1))))
            .collect();
        println!("- {}: {}", lines[0].name, parts.join(", "));
    }
    println!();
}

/// Two columns: the median of the rounds' ratios, and the lowest and the highest of them.
pub fn ratios(rounds: impl Iterator<Item = f64> + Clone) -> String {
    let lowest = rounds.clone().fold(f64::INFINITY, f64::min);
    let highest = rounds.clone().fold(0.0, f64::max);
    format!("{:.2} | {lowest:.2}, {highest:.2}", median(rounds))
}

/// Each line with those of the same name in the other rounds.
fn transposed(rounds: &[Vec<Line>]) -> impl Iterator<Item = Vec<&Line>> {
    (0..rounds[0].len()).map(|at| rounds.iter().map(|round| &round[at]).collect())
}

/// Prints operations as Countersign and oidc-provider do them.
pub fn print_beside(lines: &[(&str, &Measured, &Measured)]) {
    println!("| operation | Countersign µs | oidc-provider µs | times | per s | per s | p99 ms | p99 ms |");
    println!("| --- | --: | --: | --: | --: | --: | --: | --: |");
    for (name, ours, other) in lines {
        println!(
            "| {name} | {:.1} | {:.1} | {:.1} | {:.0} | {:.0} | {:.2} | {:.2} |",
            ours.micros,
            other.micros,
            other.micros / ours.micros,
            ours.rate,
            other.rate,
            ours.percentile(0.99),
            other.percentile(0.99),
        );
    }
    println!();
}
