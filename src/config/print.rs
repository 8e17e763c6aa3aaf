//! The walk that prints: the whole configuration as TOML, without its secrets.

use std::fmt::Write as _;

use super::Config;
use super::layers::join;
use super::visit::{Kind, Section, Setting, Visitor};

impl Config {
    /// Every key with its value in force, as TOML; a secret shows as `"(set)"`.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut printer = Printer::default();
        self.clone().visit(&mut printer);
        printer.out
    }
}

#[derive(Default)]
struct Printer {
    section: String,
    out: String,
}

impl Printer {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{line}");
    }
}

impl Visitor for Printer {
    fn setting<T: Setting>(&mut self, key: &str, kind: Kind, slot: &mut T, _: impl Fn(&T) -> Result<(), String>) {
        if kind == Kind::Secret {
            self.line(format_args!("{key} = \"(set)\""));
        } else {
            self.line(format_args!("{key} = {}", slot.show()));
        }
    }

    fn section(&mut self, key: &str, section: &mut impl Section) {
        let inner = join(&self.section, key);
        self.line(format_args!("\n[{inner}]"));
        let outer = std::mem::replace(&mut self.section, inner);
        section.visit(self);
        self.section = outer;
    }
}
