//! A value as it was written, in the file or in a variable, and its reading as a plain type.

use std::net::SocketAddr;

use ipnet::IpNet;

use super::visit::{Setting, not_wanted};

/// A value before its type is known.
pub(super) enum Raw<'a> {
    /// From the file: has a TOML type.
    File(&'a toml::Value),
    /// From a variable or a secret's own file: text.
    Text(&'a str),
}

impl Raw<'_> {
    /// The text, or the sentence that says it is none.
    pub(super) fn text<T: Setting>(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) => Ok(text.trim()),
            Self::File(toml::Value::String(text)) => Ok(text.trim()),
            Self::File(other) => Err(not_wanted::<T>(format!("this {}", other.type_str()))),
        }
    }

    /// The items of a list: a TOML array of texts, or in a variable texts with commas between.
    pub(super) fn list<T: Setting>(&self) -> Result<Vec<&str>, String> {
        match self {
            Self::Text(text) => Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()),
            Self::File(toml::Value::Array(items)) => items.iter().map(|item| Raw::File(item).item::<T>()).collect(),
            Self::File(other) => Err(not_wanted::<T>(format!("this {}", other.type_str()))),
        }
    }

    fn number<T: Setting + TryFrom<i64>>(&self) -> Result<T, String> {
        match self {
            Self::Text(text) => text.trim().parse::<i64>().ok(),
            Self::File(value) => value.as_integer(),
        }
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            not_wanted::<T>(match self {
                Self::Text(text) => format!("{text:?}"),
                Self::File(value) => value.to_string(),
            })
        })
    }
}

impl<'a> Raw<'a> {
    fn item<T: Setting>(&self) -> Result<&'a str, String> {
        match self {
            Self::File(toml::Value::String(text)) => Ok(text.trim()),
            Self::Text(text) => Ok(text.trim()),
            Self::File(other) => Err(not_wanted::<T>(format!("a list with this {}", other.type_str()))),
        }
    }
}

macro_rules! whole_number {
    ($($number:ty),*) => {$(
        impl Setting for $number {
            const WANTED: &'static str = "a whole number such as 100";

            fn parse(raw: &Raw<'_>) -> Result<Self, String> {
                raw.number::<Self>()
            }

            fn show(&self) -> toml::Value {
                toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}

whole_number!(u32, usize);

impl Setting for bool {
    const WANTED: &'static str = "true or false";

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        match raw {
            Raw::File(toml::Value::Boolean(value)) => Ok(*value),
            Raw::Text(text) => text.trim().parse().map_err(|_| not_wanted::<Self>(format!("{text:?}"))),
            Raw::File(other) => Err(not_wanted::<Self>(format!("this {}", other.type_str()))),
        }
    }

    fn show(&self) -> toml::Value {
        (*self).into()
    }
}

impl Setting for SocketAddr {
    const WANTED: &'static str = r#"an IP address with a port, such as "127.0.0.1:4242" or "[::]:4242""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let text = raw.text::<Self>()?;
        text.parse().map_err(|_| not_wanted::<Self>(format!("{text:?}")))
    }

    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

impl Setting for Vec<IpNet> {
    const WANTED: &'static str = r#"a list of addresses or networks, such as ["10.0.0.0/8", "::1"]"#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        raw.list::<Self>()?
            .into_iter()
            .map(|item| {
                item.parse()
                    .or_else(|_| item.parse().map(|address: std::net::IpAddr| address.into()))
                    .map_err(|_| format!("{item:?} is not an address or network such as \"10.0.0.0/8\""))
            })
            .collect()
    }

    fn show(&self) -> toml::Value {
        self.iter().map(ToString::to_string).collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_arrays_in_the_file_and_commas_in_a_variable() {
        let wanted: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("net"), "::1/128".parse().expect("net")];
        let array = vec!["10.0.0.0/8", "::1"].into();
        assert_eq!(Vec::<IpNet>::parse(&Raw::File(&array)), Ok(wanted.clone()));
        assert_eq!(Vec::<IpNet>::parse(&Raw::Text("10.0.0.0/8, ::1")), Ok(wanted));
        assert!(Vec::<IpNet>::parse(&Raw::Text("10.0.0.0/40")).is_err());
        assert!(Vec::<IpNet>::parse(&Raw::File(&"::1".into())).is_err());
    }

    #[test]
    fn a_switch_is_on_or_off() {
        assert_eq!(bool::parse(&Raw::Text(" true")), Ok(true));
        assert_eq!(bool::parse(&Raw::File(&false.into())), Ok(false));
        assert!(bool::parse(&Raw::Text("1")).is_err() && bool::parse(&Raw::File(&1.into())).is_err());
    }

    #[test]
    fn numbers_are_whole_and_fit() {
        assert_eq!(u32::parse(&Raw::Text("7")), Ok(7));
        assert_eq!(usize::parse(&Raw::File(&7.into())), Ok(7));
        for bad in ["-1", "1.5", "4294967296", "", "seven"] {
            assert!(u32::parse(&Raw::Text(bad)).is_err(), "{bad:?}");
        }
        assert_eq!(
            u32::parse(&Raw::File(&"7".into())),
            Err(r#""7" is not a whole number such as 100"#.into())
        );
    }
}
