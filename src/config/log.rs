//! `[log]`: what is logged, and how.

use tracing::Level;

use super::raw::Raw;
use super::visit::{Section, Setting, Visitor, not_wanted};

/// What is logged to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// This and what is graver.
    pub level: Level,
    /// One line an event.
    pub format: LogFormat,
    /// Whether commands show payment tokens, order ids and keys whole. The log itself never has them.
    pub unsafe_logging: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: Level::INFO,
            format: LogFormat::Text,
            unsafe_logging: false,
        }
    }
}

impl Section for Log {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.value("level", &mut self.level);
        v.value("format", &mut self.format);
        v.value("unsafe_logging", &mut self.unsafe_logging);
    }
}

impl Setting for Level {
    const WANTED: &'static str = r#"a level; write "error", "warn", "info", "debug" or "trace""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        match raw.text::<Self>()? {
            "error" => Ok(Self::ERROR),
            "warn" => Ok(Self::WARN),
            "info" => Ok(Self::INFO),
            "debug" => Ok(Self::DEBUG),
            "trace" => Ok(Self::TRACE),
            other => Err(not_wanted::<Self>(format!("{other:?}"))),
        }
    }

    fn show(&self) -> toml::Value {
        self.as_str().to_lowercase().into()
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Setting for LogFormat {
    const WANTED: &'static str = r#"a log format; write "text" or "json""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        match raw.text::<Self>()? {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(not_wanted::<Self>(format!("{other:?}"))),
        }
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Text => "text".into(),
            Self::Json => "json".into(),
        }
    }
}
