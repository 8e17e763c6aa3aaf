//! Reads Rust sources well enough to judge them: comments and literals blanked out, paths resolved, tests cut off.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of the crate.
pub struct Source {
    /// Relative to the root of the repository.
    pub path: String,
    /// As it is on disk.
    pub text: String,
    /// With comments and the insides of literals blanked out; lines are where they were.
    pub code: String,
    /// The module it is, as `["actors", "grants", "code"]`.
    pub module: Vec<String>,
    /// Whether it is compiled for tests alone.
    pub test_only: bool,
}

/// Something that a source names.
pub struct Named {
    /// Where, from 1.
    pub line: usize,
    /// From the root of the crate, as `["db", "kv", "Kind"]`.
    pub path: Vec<String>,
}

impl Source {
    /// What is compiled into the server: without the test module at the end.
    pub fn production(&self) -> &str {
        if self.test_only {
            return "";
        }
        let end = self.code.find("#[cfg(test)]\nmod tests {").unwrap_or(self.code.len());
        self.code.get(..end).unwrap_or_default()
    }

    /// Every path in production code that begins with `crate`, `super` or `self`.
    pub fn names(&self) -> Vec<Named> {
        let tokens = tokens(self.production());
        let mut found = Vec::new();
        for (at, (_, token)) in tokens.iter().enumerate() {
            let text = |offset: usize| tokens.get(at + offset).map(|(_, token)| token.as_str());
            let inside = at > 0 && tokens.get(at - 1).is_some_and(|(_, token)| token == "::");
            if inside || text(1) != Some("::") {
                continue;
            }
            let (base, start) = match token.as_str() {
                "crate" => (Vec::new(), at + 2),
                "self" => (self.module.clone(), at + 2),
                "super" => self.above(&tokens, at + 2),
                _ => continue,
            };
            tree(&tokens, start, &base, &mut found);
        }
        found
    }

    /// The module that `super` and the further ones from `next` on lead to, and where the path goes on.
    fn above(&self, tokens: &[(usize, String)], mut next: usize) -> (Vec<String>, usize) {
        let mut base = self.module.clone();
        base.pop();
        while tokens.get(next).is_some_and(|(_, token)| token == "super") {
            base.pop();
            next += 2;
        }
        (base, next)
    }
}

/// Reads the tree of a path or `use` from `at` on; gives back where it ends.
fn tree(tokens: &[(usize, String)], mut at: usize, base: &[String], found: &mut Vec<Named>) -> usize {
    let mut path = base.to_vec();
    while let Some((line, token)) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|(_, token)| token != "}") {
                    at = tree(tokens, at, &path, found);
                    if tokens.get(at).is_some_and(|(_, token)| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "self" => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
        let goes_on = tokens.get(at).is_some_and(|(_, token)| token == "::")
            && tokens.get(at + 1).is_some_and(|(_, token)| token != "<");
        if !goes_on {
            found.push(Named { line: *line, path });
            break;
        }
        at += 1;
    }
    if tokens.get(at).is_some_and(|(_, token)| token == "as") {
        at += 2;
    }
    at
}

/// Identifiers, `::` and single characters, each with its line.
pub fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let word = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let length = if word > 0 {
                word
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, after) = rest.split_at(length);
            if !token.trim().is_empty() {
                tokens.push((index + 1, token.to_owned()));
            }
            rest = after;
        }
    }
    tokens
}

/// Blanks out comments and what is inside string and character literals.
pub fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut index = 0;
    let keep = |c: char| if c == '\n' { '\n' } else { ' ' };
    while index < chars.len() {
        let end = match (at(index), at(index + 1)) {
            ('/', '/') => (index..chars.len()).find(|&i| at(i) == '\n').unwrap_or(chars.len()),
            ('/', '*') => end_of_block(&chars, index),
            ('"', _) => end_of_string(&chars, index + 1),
            ('r', '"' | '#') if index == 0 || !(at(index - 1).is_alphanumeric() || at(index - 1) == '_') => {
                end_of_raw(&chars, index)
            }
            ('b', '"') => end_of_string(&chars, index + 2),
            ('\'', '\\') => (index + 3..chars.len())
                .find(|&i| at(i) == '\'')
                .map_or(chars.len(), |i| i + 1),
            ('\'', _) if at(index + 2) == '\'' => index + 3,
            _ => index,
        };
        if end == index {
            out.push(at(index));
            index += 1;
        } else {
            out.extend((index..end).map(|i| keep(at(i))));
            index = end;
        }
    }
    out
}

fn end_of_block(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut index = start;
    while let (Some(a), b) = (chars.get(index), chars.get(index + 1)) {
        match (a, b) {
            ('/', Some('*')) => {
                depth += 1;
                index += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                index += 2;
            }
            _ => index += 1,
        }
        if depth == 0 {
            return index;
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], start: usize) -> usize {
    let mut index = start;
    while let Some(c) = chars.get(index) {
        match c {
            '\\' => index += 2,
            '"' => return index + 1,
            _ => index += 1,
        }
    }
    chars.len()
}

fn end_of_raw(chars: &[char], start: usize) -> usize {
    let hashes = chars.iter().skip(start + 1).take_while(|c| **c == '#').count();
    if chars.get(start + 1 + hashes) != Some(&'"') {
        return start;
    }
    let mut index = start + 2 + hashes;
    while let Some(c) = chars.get(index) {
        index += 1;
        if *c == '"' && chars.iter().skip(index).take_while(|c| **c == '#').count() >= hashes {
            return index + hashes;
        }
    }
    chars.len()
}

/// The folder of `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under `folder`, in order; none if it is not there.
pub fn files(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.sort();
    let mut sources: Vec<Source> = paths.iter().map(|path| read(path)).collect();
    let for_tests = test_modules(&sources);
    for source in &mut sources {
        source.test_only = (1..=source.module.len())
            .filter_map(|length| source.module.get(..length))
            .any(|module| for_tests.contains(module));
    }
    sources
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap_or_default();
    let relative = path.strip_prefix(root()).unwrap_or(path);
    let mut module: Vec<String> = relative
        .with_extension("")
        .iter()
        .skip(1)
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    module.pop_if(|last| last == "mod");
    Source {
        path: relative.display().to_string(),
        code: blank(&text),
        text,
        module,
        test_only: false,
    }
}

/// Modules that are declared behind `#[cfg(test)]`.
fn test_modules(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for source in sources {
        let lines: Vec<&str> = source.code.lines().map(str::trim).collect();
        for pair in lines.windows(2) {
            let [attribute, declaration] = pair else { continue };
            let name = declaration
                .strip_suffix(';')
                .and_then(|line| line.rsplit_once("mod "))
                .map(|(_, name)| name);
            if let (&"#[cfg(test)]", Some(name)) = (attribute, name) {
                let mut module = source.module.clone();
                module.retain(|part| part != "lib");
                module.push(name.to_owned());
                found.insert(module);
            }
        }
    }
    found
}
