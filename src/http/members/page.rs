//! Pages of a list: how many entries, and where one begins.

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::http::problem::Problem;

/// Entries of a page that does not say how many.
const USUAL: i64 = 100;
/// The most entries of a page.
const MOST: i64 = 500;
/// The longest cursor and question, in bytes.
const LONGEST: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    q: Option<String>,
    stage: Option<String>,
    id: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Which page of which list.
#[derive(Debug)]
pub struct Page {
    /// What is searched for.
    pub question: Option<String>,
    /// Which part of the list.
    pub stage: Option<String>,
    /// One entry alone.
    pub id: Option<String>,
    /// The last entry of the page before.
    pub after: Option<Cursor>,
    /// How many entries.
    pub limit: i64,
}

/// An entry of a list: its place in the order, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The place.
    pub key: Vec<u8>,
    /// The name, which tells apart what has the same place.
    pub id: String,
}

impl Cursor {
    /// As it goes out; it means nothing outside.
    pub fn reveal(&self) -> String {
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(&self.key),
            URL_SAFE_NO_PAD.encode(&self.id)
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let (key, id) = text.split_once('.')?;
        let id = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        // PostgreSQL takes no NUL in a text.
        (!id.contains('\0')).then_some(())?;
        Some(Self {
            key: URL_SAFE_NO_PAD.decode(key).ok()?,
            id,
        })
    }

    /// The place as a text without NUL.
    pub fn text(&self) -> Result<&str, Problem> {
        let text = std::str::from_utf8(&self.key).ok().filter(|text| !text.contains('\0'));
        text.ok_or_else(not_ours)
    }

    /// The place as a number.
    pub fn number(&self) -> Result<i64, Problem> {
        self.text()?.parse().map_err(|_| not_ours())
    }
}

fn not_ours() -> Problem {
    Problem::field("cursor", "is none that this list gave")
}

impl Page {
    /// Reads the query of a request.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        if request.query_string().len() > 4 * LONGEST {
            return Err(Problem::field("q", "is too long"));
        }
        let query = actix_web::web::Query::<Query>::from_query(request.query_string());
        let query = query
            .map_err(|error| Problem::field("query", error.to_string()))?
            .into_inner();
        let limit = query.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::field("limit", format!("must be from 1 to {MOST}")));
        }
        for (name, text) in [
            ("q", &query.q),
            ("id", &query.id),
            ("stage", &query.stage),
            ("cursor", &query.cursor),
        ] {
            if text
                .as_ref()
                .is_some_and(|text| text.len() > LONGEST || text.contains('\0'))
            {
                return Err(Problem::field(
                    name,
                    format!("is longer than {LONGEST} bytes, or has a NUL"),
                ));
            }
        }
        let after = query.cursor.filter(|cursor| !cursor.is_empty());
        let after = after
            .map(|cursor| Cursor::parse(&cursor).ok_or_else(not_ours))
            .transpose()?;
        Ok(Self {
            question: query.q,
            stage: query.stage,
            id: query.id,
            after,
            limit,
        })
    }

    /// How many to ask the store for: one more tells whether there is another page.
    pub const fn ask(&self) -> i64 {
        self.limit + 1
    }

    /// Cuts the entries to the page; where the next one begins, if there is one.
    pub fn cut<T>(&self, entries: &mut Vec<T>, cursor: impl Fn(&T) -> Cursor) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if entries.len() <= limit {
            return None;
        }
        entries.truncate(limit);
        entries.last().map(|last| cursor(last).reveal())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn page(query: &str) -> Result<Page, Problem> {
        Page::of(&TestRequest::with_uri(&format!("/?{query}")).to_http_request())
    }

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let cursor = Cursor {
            key: vec![0xe7, 0x8e, 0x8b],
            id: "a\u{1f}.b".to_owned(),
        };
        let read = page(&format!("cursor={}", cursor.reveal())).expect("is fine");
        assert_eq!(read.after, Some(cursor));
    }

    #[test]
    fn a_page_has_bounds_and_no_other_keys() {
        assert_eq!(page("").expect("is fine").limit, USUAL);
        for bad in [
            "limit=0",
            "limit=501",
            "limit=x",
            "limit=99999999999999999999",
            "cursor=x",
            "cursor=!.!",
            "cursor=AA.AA",
            "sort=name",
            "q=%00",
        ] {
            assert!(page(bad).is_err(), "{bad}");
        }
        assert!(page(&format!("q={}", "a".repeat(2000))).is_err());
        let junk = page("cursor=AA.YQ").expect("is a cursor").after.expect("is there");
        assert!(junk.text().is_err() && junk.number().is_err());
    }

    #[test]
    fn a_full_page_says_where_the_next_one_begins() {
        let page = page("limit=2").expect("is fine");
        let cursor = |n: &i64| Cursor {
            key: n.to_string().into_bytes(),
            id: "x".to_owned(),
        };
        let mut entries = vec![1, 2, 3];
        let next = page.cut(&mut entries, cursor).expect("there are more");
        assert_eq!((entries, Cursor::parse(&next)), (vec![1, 2], Some(cursor(&2))));
        assert_eq!(page.cut(&mut vec![1, 2], cursor), None);
    }
}
