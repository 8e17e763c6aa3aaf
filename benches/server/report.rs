//! Tables, as they stand in docs/performance.md.

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
}

/// Prints all lines: the ratios first, then what the floors consist of.
pub fn print(lines: &[Line]) {
    println!("| operation | floor µs | server µs | ratio | goal | per s | p50 ms | p99 ms | p99.9 ms |");
    println!("| --- | --: | --: | --: | --: | --: | --: | --: | --: |");
    for line in lines {
        let (floor, measured) = (line.floor(), &line.measured);
        println!(
            "| {} | {floor:.1} | {:.1} | {:.2} | {:.1} | {:.0} | {:.2} | {:.2} | {:.2} |",
            line.name,
            measured.micros,
            measured.micros / floor,
            line.goal,
            measured.rate,
            measured.percentile(0.5),
            measured.percentile(0.99),
            measured.percentile(0.999),
        );
    }
    println!("\nThe floors by part, in µs:\n");
    for line in lines {
        let parts: Vec<_> = line
            .floor
            .iter()
            .map(|(part, micros)| format!("{part} {micros:.1}"))
            .collect();
        println!("- {}: {}", line.name, parts.join(", "));
    }
    println!();
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
