//! The walk that reads: takes each key from the layers and notes every problem on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use zeroize::Zeroizing;

use super::error::{Origin, Problem};
use super::layers::{Found, Layers, Secret, join};
use super::raw::Raw;
use super::suggest::nearest;
use super::visit::{Kind, Section, Setting, Visitor};

/// Reads layers into a configuration.
pub(super) struct Reader<'a> {
    layers: &'a Layers,
    /// Keys that the command has set, so that no layer may.
    settled: &'a [&'a str],
    section: String,
    known: BTreeSet<String>,
    known_sections: BTreeSet<String>,
    origins: BTreeMap<String, Origin>,
    failed: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// A reader that goes on from the problems met so far.
    pub(super) const fn new(layers: &'a Layers, settled: &'a [&'a str], problems: Vec<Problem>) -> Self {
        Self {
            layers,
            settled,
            section: String::new(),
            known: BTreeSet::new(),
            known_sections: BTreeSet::new(),
            origins: BTreeMap::new(),
            failed: BTreeSet::new(),
            problems,
        }
    }

    /// A rule over several values; silent where one of them could not be read. Blamed is the first that somebody set.
    pub(super) fn rule(&mut self, keys: &[&str], holds: bool, what: &str) {
        if holds || keys.iter().any(|key| self.failed.contains(*key)) {
            return;
        }
        let set = keys.iter().find(|key| self.origins.contains_key(**key));
        if let Some(key) = set.or(keys.first()) {
            let origin = self.origins.get(*key).cloned().unwrap_or(Origin::NotSet);
            self.fail(key, origin, what);
        }
    }

    /// Everything wrong, with the keys that nobody asked for.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (key, origin) in self.layers.keys() {
            if self.known_sections.contains(key) {
                let what = format!("is a section, not a value; write its keys under [{key}]");
                self.fail(key, origin, what);
            } else if !self.known.contains(key) {
                let what = self.unknown(key);
                self.fail(key, origin, what);
            }
        }
        for (section, origin) in self.layers.sections() {
            let holds_keys = self
                .layers
                .keys()
                .any(|(key, _)| key.starts_with(&format!("{section}.")));
            if self.known.contains(section) {
                self.fail(section, origin, "is one value, not a section; write it as key = value");
            } else if !self.known_sections.contains(section) && !holds_keys {
                let what = self.unknown(section);
                self.fail(section, origin, what);
            }
        }
        self.problems
    }

    fn unknown(&self, key: &str) -> String {
        match nearest(key, self.known.union(&self.known_sections).map(String::as_str)) {
            Some(meant) => format!("is not a key; did you mean {meant}?"),
            None => "is not a key; `countersign config print` shows all that are".into(),
        }
    }

    fn fail(&mut self, key: &str, origin: Origin, what: impl Into<String>) {
        self.failed.insert(key.into());
        self.problems.push(Problem {
            key: key.into(),
            origin,
            what: what.into(),
        });
    }

    fn accept<T: Setting>(
        &mut self,
        key: &str,
        found: &Found<'_>,
        slot: &mut T,
        check: impl Fn(&T) -> Result<(), String>,
    ) {
        self.origins.insert(key.into(), found.origin.clone());
        match T::parse(&found.raw).and_then(|value| check(&value).map(|()| value)) {
            Ok(value) => *slot = value,
            Err(what) => self.fail(key, found.origin.clone(), what),
        }
    }

    fn settled(&mut self, key: &str) {
        for key in [key.to_owned(), format!("{key}_file")] {
            if let Some(found) = self.layers.find(&key) {
                self.fail(
                    &key,
                    found.origin,
                    "is set by the command in development; take the setting away, or run `countersign serve`",
                );
            }
        }
    }
}

impl Visitor for Reader<'_> {
    fn setting<T: Setting>(&mut self, key: &str, kind: Kind, slot: &mut T, check: impl Fn(&T) -> Result<(), String>) {
        let key = join(&self.section, key);
        self.known.insert(key.clone());
        if kind.may_lie_in_a_file() {
            self.known.insert(format!("{key}_file"));
        }
        if self.settled.contains(&key.as_str()) {
            return self.settled(&key);
        }
        let layers = self.layers;
        let found = if kind.may_lie_in_a_file() {
            layers.find_secret(&key)
        } else {
            Ok(layers.find(&key).map(Secret::Value))
        };
        match found {
            Ok(Some(Secret::Value(found))) => self.accept(&key, &found, slot, check),
            Ok(Some(Secret::File(found))) => match read_secret(&found) {
                Ok((text, origin)) => {
                    let raw = Raw::Text(&text);
                    self.accept(&key, &Found { raw, origin }, slot, check);
                }
                Err(what) => self.fail(&format!("{key}_file"), found.origin, what),
            },
            Ok(None) if kind.has_default() => {}
            Ok(None) => {
                let place = if kind == Kind::Secret {
                    format!(", or name its file in {key}_file")
                } else {
                    String::new()
                };
                let what = format!("is needed: {}{place}", T::WANTED);
                self.fail(&key, Origin::NotSet, what);
            }
            Err(problem) => {
                self.failed.insert(key);
                self.problems.push(problem);
            }
        }
    }

    fn section(&mut self, key: &str, section: &mut impl Section) {
        let inner = join(&self.section, key);
        self.known_sections.insert(inner.clone());
        let outer = std::mem::replace(&mut self.section, inner);
        section.visit(self);
        self.section = outer;
    }
}

/// The text in the file that `found` names.
fn read_secret(found: &Found<'_>) -> Result<(Zeroizing<String>, Origin), String> {
    let path = match &found.raw {
        Raw::Text(path) => path,
        Raw::File(toml::Value::String(path)) => path.as_str(),
        Raw::File(_) => return Err("is not the path of a file; write it in quotes".into()),
    };
    let path = Path::new(path.trim());
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((Zeroizing::new(text), Origin::File(path.into()))),
        Err(error) => Err(format!(
            "{} cannot be read: {error}; name a text file that this user may read",
            path.display()
        )),
    }
}
