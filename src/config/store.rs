//! `database_url`: where what was granted or spent is kept.

use std::path::PathBuf;

use super::postgres::PostgresUrl;
use super::raw::Raw;
use super::visit::{Setting, not_wanted};

/// The database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`, relative to the working directory. One server alone may use its folder.
    SqliteFile(PathBuf),
    /// `sqlite::memory:`, gone when the process ends.
    SqliteMemory,
    /// `postgres://…`, for any number of servers.
    Postgres(Box<PostgresUrl>),
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self::SqliteFile("data/countersign.db".into())
    }
}

impl Setting for DatabaseUrl {
    const WANTED: &'static str =
        r#"a database URL; write "sqlite:data/countersign.db" or "postgres://user:password@host/database""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let text = raw.text::<Self>()?;
        // The scheme alone is repeated: a URL of another database may hold a password.
        let scheme = text.split(':').next().unwrap_or_default();
        match text.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Self::SqliteMemory),
            Some(path) if path.starts_with("//") => {
                let path = path.trim_start_matches('/');
                Err(format!(
                    "{text:?} has a double slash; write \"sqlite:{path}\", or \"sqlite:/{path}\" from the root"
                ))
            }
            Some(path) if path.is_empty() || path.ends_with('/') || path.starts_with(':') => {
                Err(not_wanted::<Self>(format!("{text:?}")))
            }
            Some(path) => Ok(Self::SqliteFile(path.into())),
            None if matches!(scheme, "postgres" | "postgresql") => {
                PostgresUrl::parse(text).map(|url| Self::Postgres(Box::new(url)))
            }
            None => Err(not_wanted::<Self>("that")),
        }
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::SqliteFile(path) => format!("sqlite:{}", path.display()),
            Self::SqliteMemory => "sqlite::memory:".into(),
            Self::Postgres(url) => url.shown().to_owned(),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> Result<DatabaseUrl, String> {
        DatabaseUrl::parse(&Raw::Text(text))
    }

    #[test]
    fn sqlite_is_a_file_or_memory() {
        assert_eq!(database("sqlite:data/countersign.db"), Ok(DatabaseUrl::default()));
        assert_eq!(
            database("sqlite:/var/c.db"),
            Ok(DatabaseUrl::SqliteFile("/var/c.db".into()))
        );
        assert_eq!(database("sqlite::memory:"), Ok(DatabaseUrl::SqliteMemory));
        for bad in [
            "",
            "data/c.db",
            "sqlite:",
            "sqlite:data/",
            "sqlite://data/c.db",
            "sqlite::memory",
            "mysql://x",
        ] {
            assert!(database(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_refused_url_is_not_repeated_with_its_password() {
        for bad in ["mysql://u:hunter2@db/x", "postgres://u:hunter2@db"] {
            let refusal = database(bad).expect_err("is refused");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
        let shown = database("postgres://u:hunter2@localhost/x")
            .expect("reads")
            .show()
            .to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
