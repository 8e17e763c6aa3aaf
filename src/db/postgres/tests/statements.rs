//! Every statement of ours is one that PostgreSQL understands too, with the few types that both databases share.
//!
//! SQLite takes any type anywhere, so that a statement tried there alone may fail here. The texts are read from the
//! sources, and each is prepared on a migrated database.

use std::path::Path;

use test_stores::Database;
use tokio_postgres::NoTls;
use tokio_postgres::types::Type;

use super::*;

/// All SQL between quotes in the files of the store, but for those of the two drivers and of another application's tables.
fn statements() -> Vec<String> {
    let mut found = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db"), &mut found);
    found
}

fn read(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("lists") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        if path.is_dir() && !["sqlite", "postgres", "kv", "original", "tests"].contains(&name) {
            read(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).expect("reads");
            let production = text.split("#[cfg(test)]").next().unwrap_or_default();
            found.extend(literals(production).filter(|literal| is_sql(literal)));
        }
    }
}

/// The string literals of a source, with their continued lines joined.
fn literals(source: &str) -> impl Iterator<Item = String> {
    let code: String =
        source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .fold(String::new(), |mut code, line| {
                match line.trim_end().strip_suffix('\\') {
                    Some(begun) if begun.contains('"') || code.ends_with('\u{1}') => {
                        let begun = if code.ends_with('\u{1}') {
                            begun.trim_start()
                        } else {
                            begun
                        };
                        code = code.trim_end_matches('\u{1}').to_owned() + begun + "\u{1}";
                    }
                    _ if code.ends_with('\u{1}') => {
                        code = code.trim_end_matches('\u{1}').to_owned() + line.trim_start() + "\n";
                    }
                    _ => code = code + line + "\n",
                }
                code
            });
    code.split('"')
        .enumerate()
        .filter(|(index, _)| index % 2 == 1)
        .map(|(_, literal)| literal.to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

fn is_sql(literal: &str) -> bool {
    let first = literal.split(' ').next().unwrap_or_default();
    ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains(&first) && literal.contains(' ')
}

#[actix_rt::test]
async fn every_statement_is_understood_with_the_types_that_both_databases_share() {
    let database = Database::fresh();
    open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.expect("connects");
    actix_rt::spawn(connection);
    let statements = statements();
    assert!(statements.len() > 60, "{} statements were found", statements.len());
    let (taken, given) = (
        [Type::INT8, Type::TEXT, Type::BYTEA],
        [Type::INT8, Type::INT4, Type::BOOL, Type::TEXT, Type::BYTEA],
    );
    let mut failures = Vec::new();
    for sql in statements {
        match client.prepare(&sql).await {
            Err(error) => failures.push(format!(
                "{sql}\n  {}",
                error.as_db_error().map_or("?", |told| told.message())
            )),
            Ok(prepared) => {
                let odd = prepared.params().iter().filter(|kind| !taken.contains(kind));
                failures.extend(odd.map(|kind| format!("{sql}\n  takes a parameter of type {kind}")));
                let odd = prepared
                    .columns()
                    .iter()
                    .filter(|column| !given.contains(column.type_()));
                failures
                    .extend(odd.map(|column| format!("{sql}\n  gives {} of type {}", column.name(), column.type_())));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
