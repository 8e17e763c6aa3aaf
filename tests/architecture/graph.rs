//! Who among the actors names whom, in the code and in the drawing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::source::{Source, root};

/// Where the graph is drawn: in the mermaid block that has the line `%% actor graph`.
pub const DRAWING: &str = "docs/architecture.md";

/// One actor names another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Folder of the one that names.
    pub from: String,
    /// Folder of the one that is named.
    pub to: String,
    /// It holds a door and sends messages; otherwise it only uses types or a snapshot. Drawn solid and dotted.
    pub asks: bool,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = if self.asks { "-->" } else { "-.->" };
        write!(f, "{} {arrow} {}", self.from, self.to)
    }
}

/// The actors: the folders of `src/actors`.
pub fn folders(sources: &[Source]) -> BTreeSet<String> {
    let inside = sources.iter().filter(|source| source.path.ends_with("/mod.rs"));
    inside.filter_map(|source| source.module.get(1).cloned()).collect()
}

/// The actor that a path from the root of the crate leads into.
pub fn actor<'a>(path: &'a [String], folders: &BTreeSet<String>) -> Option<&'a str> {
    let [layer, actor, ..] = path else { return None };
    (layer == "actors" && folders.contains(actor)).then_some(actor)
}

/// Every edge in production code, with a place where it is.
pub fn named(sources: &[Source]) -> BTreeMap<Edge, String> {
    let folders = folders(sources);
    let mut places: BTreeMap<(String, String), (bool, String)> = BTreeMap::new();
    for source in sources {
        let Some(from) = actor(&source.module, &folders) else {
            continue;
        };
        for named in source.names() {
            let Some(to) = actor(&named.path, &folders).filter(|to| *to != from) else {
                continue;
            };
            let item = named.path.get(2).map_or("", String::as_str);
            let asks = item == role(to) || item == "Writes";
            let place = format!("{}:{}", source.path, named.line);
            let edge = places.entry((from.to_owned(), to.to_owned())).or_insert((asks, place));
            edge.0 |= asks;
        }
    }
    let edge = |((from, to), (asks, place))| (Edge { from, to, asks }, place);
    places.into_iter().map(edge).collect()
}

/// `key_ring` as a type: `KeyRing`.
fn role(folder: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    folder.split('_').map(capital).collect()
}

/// The edges between actors in the drawing; other nodes are not looked at.
pub fn drawn() -> BTreeSet<Edge> {
    let text = std::fs::read_to_string(root().join(DRAWING)).unwrap_or_default();
    let block = text
        .split("```mermaid")
        .filter_map(|after| after.split("```").next())
        .find(|block| block.contains("%% actor graph"))
        .unwrap_or_default();
    let folders = folders(&crate::source::files("src/actors"));
    block.lines().filter_map(|line| edge(line, &folders)).collect()
}

fn edge(line: &str, folders: &BTreeSet<String>) -> Option<Edge> {
    let mut words = line.split_whitespace();
    let (from, arrow, to) = (words.next()?, words.next()?, words.next()?);
    let asks = match arrow.split('|').next()? {
        "-->" => true,
        "-.->" => false,
        _ => return None,
    };
    (folders.contains(from) && folders.contains(to)).then(|| Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        asks,
    })
}

/// Cycles among the modules of `src/actors`, shared ones included.
pub fn cycles(sources: &[Source]) -> Vec<String> {
    let mut edges: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let Some(from) = source.module.get(1) else { continue };
        for named in source.names() {
            if let [layer, to, ..] = named.path.as_slice()
                && layer == "actors"
                && to != from
            {
                edges.entry(from).or_default().insert(to.clone());
            }
        }
    }
    // Takes away, again and again, what names nothing that is left; what stays is in a cycle or leads into one.
    loop {
        let left: BTreeSet<String> = edges.keys().map(ToString::to_string).collect();
        for targets in edges.values_mut() {
            targets.retain(|target| left.contains(target));
        }
        let before = edges.len();
        edges.retain(|_, targets| !targets.is_empty());
        if edges.len() == before {
            break;
        }
    }
    let cycle =
        |(from, targets): (&str, BTreeSet<String>)| format!("src/actors: {from} is in a cycle with {targets:?}");
    edges.into_iter().map(cycle).collect()
}
