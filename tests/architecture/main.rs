//! What the structure promises, checked by reading the sources: layers, the actor graph, sizes, and what is never
//! written. Each failure names the file and the line.

mod graph;
mod source;

use std::collections::BTreeSet;

use source::{Source, blank, files, tokens};

/// A layer may use those before it.
const LAYERS: [&str; 6] = ["config", "domain", "db", "actors", "http", "cli"];

/// Beside the layers: who may name them, and whom they may name.
const BESIDE: [(&str, &[&str], &[&str]); 2] = [
    // The composition root puts everything together, for whoever runs a server.
    (
        "app",
        &["cli", "main"],
        &["config", "domain", "db", "actors", "http", "system"],
    ),
    // The machine's clock and random source: only those who start something may reach for them.
    ("system", &["app", "cli", "main"], &["domain"]),
];

fn none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

fn rank(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// Whether code in the top-level module `from` may name the top-level module `to`.
fn may_name(from: &str, to: &str) -> bool {
    if from == to || from == "lib" {
        return true;
    }
    if let Some((_, namers, _)) = BESIDE.iter().find(|(name, ..)| *name == to) {
        return namers.contains(&from);
    }
    if let Some((_, _, named)) = BESIDE.iter().find(|(name, ..)| *name == from) {
        return named.contains(&to);
    }
    match (rank(from), rank(to)) {
        (Some(from), Some(to)) => to < from,
        // A top-level module that this test does not know: say where it belongs.
        _ => false,
    }
}

#[test]
fn a_layer_names_only_those_before_it() {
    let mut violations = Vec::new();
    for source in files("src") {
        let from = source.module.first().map_or("", String::as_str);
        for named in source.names() {
            let to = named.path.first().map_or("", String::as_str);
            // A name with a capital letter is an item of the root, of which there are none.
            if !may_name(from, to) {
                violations.push(format!(
                    "{}:{}: {from} names {}",
                    source.path,
                    named.line,
                    named.path.join("::")
                ));
            }
        }
    }
    none(&violations);
}

#[test]
fn every_module_at_the_top_is_a_layer_or_stands_beside_them() {
    let beside = BESIDE.iter().map(|(name, ..)| *name).chain(["lib", "main"]);
    let known: BTreeSet<&str> = LAYERS.into_iter().chain(beside).collect();
    let sources = files("src");
    let unknown = sources
        .iter()
        .filter(|source| !source.test_only && !known.contains(source.module.first().map_or("", String::as_str)))
        .map(|source| format!("{}: in no layer", source.path));
    none(&unknown.collect::<Vec<_>>());
}

#[test]
fn the_actor_graph_is_the_one_drawn_and_has_no_cycle() {
    let sources = files("src/actors");
    let drawn = graph::drawn();
    assert!(!drawn.is_empty(), "no actor graph in {}", graph::DRAWING);
    let named = graph::named(&sources);
    let mut violations = Vec::new();
    for (edge, place) in &named {
        if !drawn.contains(edge) {
            violations.push(format!("{place}: {edge} is not drawn in {}", graph::DRAWING));
        }
    }
    for edge in drawn.iter().filter(|edge| !named.contains_key(edge)) {
        violations.push(format!("{}: {edge} is drawn, but not in the code", graph::DRAWING));
    }
    violations.extend(graph::cycles(&sources));
    none(&violations);
}

#[test]
fn what_all_actors_share_names_no_actor_but_the_writer() {
    let mut violations = Vec::new();
    let sources = files("src/actors");
    let folders = graph::folders(&sources);
    for source in &sources {
        let shared = source.module.get(1).is_some_and(|module| !folders.contains(module));
        for named in source.names().iter().filter(|_| shared) {
            let target = graph::actor(&named.path, &folders);
            if target.is_some_and(|target| target != "writer") {
                violations.push(format!(
                    "{}:{}: names {}",
                    source.path,
                    named.line,
                    named.path.join("::")
                ));
            }
        }
    }
    none(&violations);
}

/// The modules of each job. What is in none of them is shared, or puts the jobs together.
const JOBS: [(&str, &[&str]); 2] = [
    (
        "identity",
        &[
            "actors::login",
            "actors::grants",
            "http::login",
            "http::onboard",
            "http::password",
            "http::change",
            "http::account",
            "http::access",
            "http::oauth",
            "db::codes",
            "db::families",
        ],
    ),
    ("members", &["actors::members", "http::members", "db::directory"]),
];

/// Modules of a job that another one may name, and why.
const BETWEEN_JOBS: [(&str, &str, &str); 1] =
    // Closing an account ends what identity has given it.
    [("actors::members::set_active", "db::codes", "db::families")];

fn job(path: &str) -> Option<&'static str> {
    let within = |module: &str| path == module || path.starts_with(&format!("{module}::"));
    JOBS.into_iter()
        .find(|(_, modules)| modules.iter().any(|module| within(module)))
        .map(|(job, _)| job)
}

#[test]
fn no_job_knows_another() {
    let mut violations = Vec::new();
    for source in files("src").iter().filter(|source| !source.test_only) {
        let from = source.module.join("::");
        let Some(own) = job(&from) else { continue };
        for named in source.names() {
            let to = named.path.join("::");
            let allowed = BETWEEN_JOBS
                .iter()
                .any(|(module, one, other)| from == *module && (to.starts_with(one) || to.starts_with(other)));
            if job(&to).is_some_and(|other| other != own) && !allowed {
                violations.push(format!("{}:{}: {own} names {to}", source.path, named.line));
            }
        }
    }
    none(&violations);
    for (_, modules) in JOBS {
        for module in modules {
            let there = files("src")
                .iter()
                .any(|source| source.module.join("::").starts_with(module));
            assert!(there, "{module} is no module any more");
        }
    }
}

/// The two halves of the server, and what of each the other must not know.
const HALVES: [(&str, &[&str]); 2] = [
    (
        "accounts",
        &[
            "domain::account",
            "domain::oauth",
            "domain::opaque",
            "domain::token",
            "db::accounts",
            "db::clients",
            "db::codes",
            "db::families",
            "db::links",
            "db::sessions",
            "actors::grants",
            "actors::login",
            "http::account",
            "http::login",
            "http::oauth",
            "http::onboard",
            "http::password",
        ],
    ),
    (
        "entitlements",
        &[
            "domain::entitlement",
            "db::entitlements",
            "db::original",
            "actors::ledger",
            "http::entitlement",
        ],
    ),
];

/// Who may know both: the module where they meet, in every layer, and whoever puts the server together.
const MEETING: [&str; 12] = [
    "domain::linking",
    "db::linking",
    "actors::linking",
    "http::linking",
    "actors::supervisor",
    "actors::sweeper",
    "http::app",
    "http::problem",
    "http::server",
    "app",
    "cli",
    "lib",
];

fn is_within(module: &str, root: &str) -> bool {
    module == root || module.starts_with(&format!("{root}::"))
}

fn half(module: &str) -> Option<&'static str> {
    let found = HALVES
        .iter()
        .find(|(_, roots)| roots.iter().any(|root| is_within(module, root)));
    found.map(|(name, _)| *name)
}

#[test]
fn accounts_and_entitlements_meet_in_one_module() {
    let mut violations = Vec::new();
    for source in files("src").iter().filter(|source| !source.test_only) {
        let module = source.module.join("::");
        if MEETING.iter().any(|root| is_within(&module, root)) {
            continue;
        }
        let mut known: BTreeSet<&str> = half(&module).into_iter().collect();
        for named in source.names() {
            let Some(other) = half(&named.path.join("::")) else {
                continue;
            };
            if known.insert(other) && known.len() > 1 {
                violations.push(format!(
                    "{}:{}: {other} is named beside the other half",
                    source.path, named.line
                ));
            }
        }
    }
    none(&violations);
    for (_, roots) in HALVES {
        for root in roots {
            let there = files("src")
                .iter()
                .any(|source| is_within(&source.module.join("::"), root));
            assert!(there, "{root} is no module any more");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = all_files()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("{}:1: opens without //!", source.path));
    none(&silent.collect::<Vec<_>>());
}

#[test]
fn production_files_are_short() {
    let lengths: Vec<(String, usize)> = files("src")
        .iter()
        .filter(|source| !source.test_only)
        .map(|source| (source.path.clone(), source.production().lines().count()))
        .collect();
    let too_long = lengths.iter().filter(|(_, lines)| *lines > 500);
    let mut violations: Vec<String> = too_long
        .map(|(path, lines)| format!("{path}:{lines}: more than 500 lines"))
        .collect();
    let long: Vec<&(String, usize)> = lengths.iter().filter(|(_, lines)| *lines >= 300).collect();
    if long.len() * 10 > lengths.len() {
        violations.push(format!(
            "{} of {} files have 300 lines or more: {long:?}",
            long.len(),
            lengths.len()
        ));
    }
    none(&violations);
}

#[test]
fn nothing_unfinished_and_no_printing_but_by_the_commands() {
    let speaks = |source: &Source| matches!(source.module.first().map(String::as_str), Some("cli" | "main"));
    let mut violations = Vec::new();
    for source in files("src") {
        let tokens = tokens(source.production());
        for pair in tokens.windows(2) {
            let [(line, name), (_, mark)] = pair else { continue };
            let forbidden = match name.as_str() {
                "todo" | "unimplemented" | "dbg" => true,
                "println" | "eprintln" | "print" | "eprint" => !speaks(&source),
                _ => false,
            };
            if forbidden && mark == "!" {
                violations.push(format!("{}:{line}: {name}!", source.path));
            }
        }
    }
    none(&violations);
}

#[test]
fn unsafe_is_written_nowhere() {
    let mut violations = Vec::new();
    for source in all_files() {
        for (line, _) in tokens(&source.code).iter().filter(|(_, token)| token == "unsafe") {
            violations.push(format!("{}:{line}: unsafe", source.path));
        }
    }
    none(&violations);
}

#[test]
fn the_domain_knows_neither_actors_nor_sql_nor_the_machine() {
    let crates = [
        "actix",
        "actix_web",
        "actix_rt",
        "rusqlite",
        "refinery",
        "tokio",
        "reqwest",
        "lettre",
    ];
    let machine = [
        "SystemTime",
        "Instant",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "UnixStream",
        "OsRng",
        "thread_rng",
    ];
    let of_std = ["fs", "env", "process", "thread"];
    let mut violations = Vec::new();
    for source in files("src/domain") {
        let tokens = tokens(&source.code);
        let names_std = |at: usize| {
            let before = |back: usize| {
                at.checked_sub(back)
                    .and_then(|i| tokens.get(i))
                    .map(|(_, token)| token.as_str())
            };
            before(1) == Some("::") && before(2) == Some("std")
        };
        for (at, (line, token)) in tokens.iter().enumerate() {
            let named = token.as_str();
            if crates.contains(&named) || machine.contains(&named) || (of_std.contains(&named) && names_std(at)) {
                violations.push(format!("{}:{line}: {named}", source.path));
            }
        }
    }
    none(&violations);
}

#[test]
fn the_reader_of_sources_reads_them_right() {
    let code = "use crate::{a::B, c::{self, D as E}}; // crate::no\nlet x = \"crate::no\"; super::super::f::<T>(); 'a: r#\"\"\"#";
    let source = Source {
        path: String::new(),
        text: code.to_owned(),
        code: blank(code),
        module: ["http", "oauth", "token"].map(str::to_owned).to_vec(),
        test_only: false,
    };
    let names: Vec<(usize, String)> = source
        .names()
        .into_iter()
        .map(|n| (n.line, n.path.join("::")))
        .collect();
    let expected = [(1, "a::B"), (1, "c"), (1, "c::D"), (2, "http::f")];
    assert_eq!(names, expected.map(|(line, path)| (line, path.to_owned())));
}

fn all_files() -> impl Iterator<Item = Source> {
    ["src", "tests", "benches"].into_iter().flat_map(files)
}
