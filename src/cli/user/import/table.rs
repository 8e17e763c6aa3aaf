//! Reading a table as spreadsheets write it: with a byte order mark or without, commas, semicolons or tabs between.

use std::collections::HashMap;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::domain::account::{Introduction, Membership};
use crate::domain::email::Email;

/// The largest file, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The columns that are read.
const COLUMNS: [&str; 7] = [
    "email",
    "given_name",
    "family_name",
    "phone",
    "locale",
    "membership_number",
    "joined",
];

/// Somebody in a table, checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The address.
    pub(super) email: Email,
    /// What is known of them.
    pub(super) introduction: Introduction,
    /// What is said of their membership.
    pub(super) membership: Membership,
}

/// Lines by their number in the file: what each says, or what is wrong with it.
pub(super) type Table = Vec<(u64, Result<Entry, String>)>;

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Table, Failure> {
    let refuse = |what: String| Failure::operator(format!("{} {what}; nobody was invited", path.display()));
    let length = std::fs::metadata(path)
        .map_err(|error| refuse(format!("cannot be read: {error}")))?
        .len();
    if length > LARGEST {
        return Err(refuse(format!("is larger than {LARGEST} bytes; cut it into parts")));
    }
    let bytes = std::fs::read(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("is not UTF-8; save it as \"CSV UTF-8\"".to_owned()))?;
    parse(&text).map_err(refuse)
}

/// Reads the text of a table; an error about the whole of it is the end of a sentence that begins with its name.
fn parse(text: &str) -> Result<Table, String> {
    // One kind of line break, so that lines are counted as editors count them.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heading = reader
        .headers()
        .map_err(|error| format!("is no table: {error}"))?
        .clone();
    let columns = columns(&heading)?;
    let width = heading.len();
    let mut seen: HashMap<Email, u64> = HashMap::new();
    let mut table = Table::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("is no table: {error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let entry = if record.len() == width {
            entry(&columns, &record)
        } else {
            Err(format!("has {} columns where the first line has {width}", record.len()))
        };
        let entry = entry.and_then(|entry| match seen.get(&entry.email) {
            Some(first) => Err(format!("has the same address as line {first}")),
            None => {
                seen.insert(entry.email.clone(), line);
                Ok(entry)
            }
        });
        table.push((line, entry));
    }
    Ok(table)
}

/// What stands most often between the names of the first line.
fn delimiter(text: &str) -> u8 {
    let heading = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| heading.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| count(*delimiter))
        .unwrap_or(b',')
}

/// Where each column stands.
fn columns(heading: &csv::StringRecord) -> Result<HashMap<&'static str, usize>, String> {
    let mut found = HashMap::new();
    for (at, name) in heading.iter().enumerate() {
        let name = name.to_lowercase().replace([' ', '-'], "_");
        let Some(column) = COLUMNS.into_iter().find(|column| *column == name) else {
            return Err(format!(
                "has a column {name:?} that is not known; the columns are {}",
                COLUMNS.join(", ")
            ));
        };
        if found.insert(column, at).is_some() {
            return Err(format!("has the column {column} twice"));
        }
    }
    if found.contains_key("email") {
        Ok(found)
    } else {
        Err(format!(
            "has no column email; its first line must name the columns: {}",
            COLUMNS.join(", ")
        ))
    }
}

fn entry(columns: &HashMap<&'static str, usize>, record: &csv::StringRecord) -> Result<Entry, String> {
    let cell = |column: &str| {
        let at = columns.get(column)?;
        record.get(*at).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let email = Email::parse(&cell("email").unwrap_or_default()).map_err(|error| error.to_string())?;
    let introduction = Introduction {
        given_name: cell("given_name"),
        family_name: cell("family_name"),
        phone: cell("phone"),
        locale: cell("locale"),
    };
    let membership = Membership::parse(cell("membership_number").as_deref(), cell("joined").as_deref());
    Ok(Entry {
        email,
        introduction: introduction.checked().map_err(|error| error.to_string())?,
        membership: membership.map_err(|error| error.to_string())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(table: &Table) -> Vec<(u64, &str)> {
        let wrong = |(line, entry): &'_ (u64, Result<Entry, String>)| Some((*line, entry.as_ref().err()?.clone()));
        let found: Vec<(u64, String)> = table.iter().filter_map(wrong).collect();
        found
            .into_iter()
            .map(|(line, what)| (line, &*Box::leak(what.into_boxed_str())))
            .collect()
    }

    #[test]
    fn spreadsheets_write_tables_in_several_ways() {
        for text in [
            "email,given_name,joined\nann@example.org,Ann,2020-09-01\n",
            "\u{feff}email;given_name;joined\r\nANN@example.org;Ann;2020-09-01\r\n",
            "Given name\tE-mail\tJoined\n".replace("E-mail", "email").as_str(),
            "joined;Given-Name;EMAIL\n2020-09-01;\"Ann\";  ann@example.org \n\n",
        ] {
            let table = parse(text).expect("is a table");
            for (line, entry) in &table {
                let entry = entry.as_ref().expect("is fine");
                assert_eq!((*line, entry.email.as_str()), (2, "ann@example.org"), "{text:?}");
                assert_eq!(entry.introduction.given_name.as_deref(), Some("Ann"));
                assert_eq!(
                    entry.membership.joined_on.map(|date| date.to_string()).as_deref(),
                    Some("2020-09-01")
                );
            }
        }
    }

    #[test]
    fn lines_that_do_not_fit_are_named_and_the_others_taken() {
        let table = parse(
            "email,given_name,phone,joined\n\
             ann@example.org,Ann,,\n\
             no address,Bob,,\n\
             Ann@Example.org,Ann,,\n\
             cem@example.org,Cem\n\
             dee@example.org,Dee,call me,\n\
             eve@example.org,Eve,,2020-02-30\n\
             \"fay@example.org\",\"Fay, \"\"F\"\"\",0612345678,\n",
        )
        .expect("is a table");
        assert_eq!(table.len(), 7);
        let expected = [
            (3, "that is not an e-mail address: it needs the form name@example.org"),
            (4, "has the same address as line 2"),
            (5, "has 2 columns where the first line has 4"),
        ];
        let errors = errors(&table);
        assert_eq!(errors[..3], expected);
        assert!(
            errors[3].1.starts_with("phone: ") && errors[4].1.starts_with("joined: "),
            "{errors:?}"
        );
        assert_eq!(errors.len(), 5);
    }

    #[test]
    fn a_table_without_the_column_email_or_with_strange_ones_is_refused() {
        for (text, says) in [
            ("", "no column email"),
            ("ann@example.org,Ann\n", "not known"),
            ("given_name,family_name\nAnn,A\n", "no column email"),
            ("email,password\na@b.c,x\n", "\"password\""),
            ("email,Email\na@b.c,x\n", "twice"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(says), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = parse(&text);
            let _ = parse(&format!("email;given_name\n{text}"));
        }
    }
}
