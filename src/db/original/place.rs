//! Where an original's database is.

use std::path::PathBuf;

/// What an operator named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server and database.
    Postgres(PostgresUrl),
}

impl Place {
    /// A path, with or without `sqlite:` before it; or a URL that begins with `postgres://` or `postgresql://`.
    ///
    /// The original's own URLs are understood too: `sqlite:///folder/file.db`, and `file:` before a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(PostgresUrl(text.to_owned()));
        }
        let path = text
            .strip_prefix("sqlite:")
            .or_else(|| text.strip_prefix("file:"))
            .unwrap_or(text);
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().unwrap_or(path);
        Self::Sqlite(path.into())
    }

    /// For messages: without a password.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => url.describe(),
        }
    }
}

/// A URL that may hold a password, and does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// The whole URL, for the driver alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn describe(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", &self.0));
        let rest = rest.rsplit_once('@').map_or(rest, |(_, after)| after);
        let rest = rest.split('?').next().unwrap_or(rest);
        format!("{scheme}://{rest}")
    }
}

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_in_the_ways_that_the_original_knows() {
        for text in [
            "/d/a.db",
            "sqlite:/d/a.db",
            "sqlite:///d/a.db",
            "file:/d/a.db?mode=rw",
            "file:///d/a.db",
        ] {
            assert_eq!(Place::parse(text), Place::Sqlite("/d/a.db".into()), "{text}");
        }
        assert_eq!(Place::parse("a.db"), Place::Sqlite("a.db".into()));
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://u:hunter2@db:5432/pro",
            "postgresql://u:hun@ter2@db:5432/pro?sslmode=require",
            "postgres://db:5432/pro?password=hunter2",
        ] {
            let place = Place::parse(url);
            for shown in [place.describe(), format!("{place:?}")] {
                assert!(!shown.contains("ter2") && shown.contains("db:5432/pro"), "{shown}");
            }
        }
    }
}
