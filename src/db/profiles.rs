//! `profiles` and `account_terms`: what people say about themselves, and the words they are found by.

use std::collections::BTreeSet;

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::account::{Address, Date, Profile};
use crate::domain::clock::Timestamp;

/// How many columns [`read`] takes.
pub const COLUMNS: usize = 16;

/// The profile of an account, if it has said anything: the columns of [`read`].
#[must_use]
pub fn by_account(account_id: &str) -> Statement {
    Statement::new(
        "SELECT given_name, family_name, call_name, phone, birth_date, education, age_privacy, membership_number, \
         joined_on, street_address, locality, region, postal_code, country, locale, updated_at \
         FROM profiles WHERE account_id = $1",
    )
    .bind(account_id)
}

/// An account's `email`, and its profile from column 1 on: what claims are made of.
#[must_use]
pub fn person(account_id: &str) -> Statement {
    Statement::new(
        "SELECT a.email, p.given_name, p.family_name, p.call_name, p.phone, p.birth_date, p.education, p.age_privacy, \
         p.membership_number, p.joined_on, p.street_address, p.locality, p.region, p.postal_code, p.country, p.locale, \
         p.updated_at FROM accounts a LEFT JOIN profiles p ON p.account_id = a.id WHERE a.id = $1",
    )
    .bind(account_id)
}

/// Reads a profile from [`COLUMNS`] columns that begin at `first`, in the order of [`by_account`], and when it was last
/// changed. Columns that are all `NULL`, as an outer join gives them, are an empty profile.
///
/// # Errors
/// [`DbError::Inconsistent`] if they do not hold what [`put`] writes.
pub fn read(row: &Row, first: usize) -> Result<(Profile, Option<Timestamp>), DbError> {
    let text = |at: usize| row.optional_text(first + at).map(|text| text.map(str::to_owned));
    let date = |at: usize| -> Result<Option<Date>, DbError> {
        let text = row.optional_text(first + at)?;
        let date = text.map(str::parse::<Date>).transpose();
        date.map_err(|_| DbError::Inconsistent("profiles: not a day".to_owned()))
    };
    let profile = Profile {
        given_name: text(0)?,
        family_name: text(1)?,
        call_name: text(2)?,
        phone: text(3)?,
        birth_date: date(4)?,
        education: text(5)?,
        age_privacy: row.optional_integer(first + 6)? == Some(1),
        membership_number: text(7)?,
        joined_on: date(8)?,
        address: Address {
            street_address: text(9)?,
            locality: text(10)?,
            region: text(11)?,
            postal_code: text(12)?,
            country: text(13)?,
        },
        locale: text(14)?,
    };
    let updated_at = row.optional_integer(first + 15)?.map(Timestamp::from_millis);
    Ok((profile, updated_at))
}

/// Stores the whole profile of an account; a row with its id.
#[must_use]
pub fn put(account_id: &str, profile: &Profile, now: Timestamp) -> Statement {
    let text = |entry: &Option<String>| entry.as_deref().map(str::to_owned);
    let address = &profile.address;
    Statement::new(
        "INSERT INTO profiles (account_id, given_name, family_name, call_name, phone, birth_date, birthday, education, \
         age_privacy, membership_number, joined_on, street_address, locality, region, postal_code, country, locale, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (account_id) DO UPDATE SET given_name = EXCLUDED.given_name, \
         family_name = EXCLUDED.family_name, call_name = EXCLUDED.call_name, phone = EXCLUDED.phone, \
         birth_date = EXCLUDED.birth_date, birthday = EXCLUDED.birthday, education = EXCLUDED.education, \
         age_privacy = EXCLUDED.age_privacy, membership_number = EXCLUDED.membership_number, \
         joined_on = EXCLUDED.joined_on, street_address = EXCLUDED.street_address, locality = EXCLUDED.locality, \
         region = EXCLUDED.region, postal_code = EXCLUDED.postal_code, country = EXCLUDED.country, \
         locale = EXCLUDED.locale, updated_at = EXCLUDED.updated_at RETURNING account_id",
    )
    .bind(account_id)
    .bind(text(&profile.given_name))
    .bind(text(&profile.family_name))
    .bind(text(&profile.call_name))
    .bind(text(&profile.phone))
    .bind(profile.birth_date.map(|date| date.to_string()))
    .bind(profile.birth_date.map(Date::day_of_year))
    .bind(text(&profile.education))
    .bind(i64::from(profile.age_privacy))
    .bind(text(&profile.membership_number))
    .bind(profile.joined_on.map(|date| date.to_string()))
    .bind(text(&address.street_address))
    .bind(text(&address.locality))
    .bind(text(&address.region))
    .bind(text(&address.postal_code))
    .bind(text(&address.country))
    .bind(text(&profile.locale))
    .bind(now.as_millis())
}

/// The statements after which an account is found by exactly these words.
#[must_use]
pub fn index_anew(account_id: &str, terms: &BTreeSet<Vec<u8>>) -> Vec<Statement> {
    let clear = Statement::new("DELETE FROM account_terms WHERE account_id = $1").bind(account_id);
    std::iter::once(clear).chain(index(account_id, terms)).collect()
}

/// How many words one statement of [`index`] stores.
const WORDS: usize = 6;

/// By what a new account is found. Where words are left over for a last statement, the first of them stands in it again.
#[must_use]
pub fn index(account_id: &str, terms: &BTreeSet<Vec<u8>>) -> Vec<Statement> {
    let terms: Vec<_> = terms.iter().collect();
    let insert = |words: &[&Vec<u8>]| {
        let insert = Statement::new(
            "INSERT INTO account_terms (account_id, term) \
             VALUES ($1, $2), ($1, $3), ($1, $4), ($1, $5), ($1, $6), ($1, $7) \
             ON CONFLICT (account_id, term) DO NOTHING",
        );
        let words = words.iter().cycle().take(WORDS);
        words.fold(insert.bind(account_id), |insert, word| insert.bind(word.as_slice()))
    };
    terms.chunks(WORDS).map(insert).collect()
}

/// A page of accounts after `after`: `id, email`, 1 if it is found by any word and 0 if not, and what [`read`] reads.
#[must_use]
pub fn indexed(after: &str, limit: i64) -> Statement {
    Statement::new(
        "SELECT a.id, a.email, CAST(CASE WHEN EXISTS (SELECT 1 FROM account_terms t WHERE t.account_id = a.id) \
         THEN 1 ELSE 0 END AS BIGINT), p.given_name, p.family_name, p.call_name, p.phone, p.birth_date, p.education, \
         p.age_privacy, p.membership_number, p.joined_on, p.street_address, p.locality, p.region, p.postal_code, \
         p.country, p.locale, p.updated_at \
         FROM (SELECT id, email FROM accounts WHERE id > $1 ORDER BY id LIMIT $2) a \
         LEFT JOIN profiles p ON p.account_id = a.id ORDER BY a.id",
    )
    .bind(after)
    .bind(limit)
}

/// A row if another account, or an applicant, has this membership number.
#[must_use]
pub fn number_taken(number: &str, by_other_than: &str) -> Statement {
    Statement::new(
        "SELECT 1 FROM profiles WHERE membership_number = $1 AND account_id <> $2 \
         UNION ALL SELECT 1 FROM applicants WHERE membership_number = $1 AND id <> $2",
    )
    .bind(number)
    .bind(by_other_than)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::accounts;
    use crate::domain::email::{Email, Identifier};
    use crate::testing::TestStore;

    const NOW: Timestamp = Timestamp::from_millis(7);

    fn full() -> Profile {
        let text = |text: &str| Some(text.to_owned());
        Profile {
            given_name: text("Ann"),
            family_name: text("王"),
            call_name: text("A"),
            phone: text("+31612345678"),
            birth_date: "2004-02-29".parse().ok(),
            education: text("Physics"),
            age_privacy: true,
            membership_number: text("A-17"),
            joined_on: "2020-09-01".parse().ok(),
            address: Address {
                street_address: text("Mill 1\nYard"),
                locality: text("Delft"),
                region: text("ZH"),
                postal_code: text("2611"),
                country: text("NL"),
            },
            locale: text("nl"),
        }
    }

    #[actix_rt::test]
    async fn a_profile_comes_back_as_it_was_stored() {
        let store = TestStore::new();
        let email = Email::parse("ann@example.org").expect("an address");
        let account = accounts::insert("a", &Identifier([1; 32]), &email, b"record", NOW);
        store.writes.execute(account).await.expect("writes");
        for profile in [full(), Profile::default()] {
            store.writes.execute(put("a", &profile, NOW)).await.expect("writes");
            let row = store
                .store
                .query_one(&by_account("a"))
                .await
                .expect("reads")
                .expect("a row");
            assert_eq!(read(&row, 0).expect("reads"), (profile, Some(NOW)));
        }
        let nothing = Row::nulls(COLUMNS);
        assert_eq!(read(&nothing, 0).expect("reads"), (Profile::default(), None));
    }
}
