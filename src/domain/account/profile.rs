//! What a person says about themselves, and the rules for changing it.

use serde::{Deserialize, Deserializer, Serialize};

use super::date::{Date, NotADate};
use super::words::{self, TextError};

/// The most characters of a name, of education, and of a part of an address.
const NAME: usize = 100;
/// The most characters of a street address.
const STREET: usize = 200;
/// The most characters of a membership number.
const NUMBER: usize = 32;

/// A person, as far as they have said. Everything in it has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// First name: `given_name` (OIDC Core §5.1).
    pub given_name: Option<String>,
    /// Last name: `family_name`.
    pub family_name: Option<String>,
    /// What they are called: `nickname`.
    pub call_name: Option<String>,
    /// `phone_number`, digits with a `+` in front or none.
    pub phone: Option<String>,
    /// `birthdate`.
    pub birth_date: Option<Date>,
    /// What they study or have studied.
    pub education: Option<String>,
    /// Other members see neither age nor birthday.
    pub age_privacy: bool,
    /// Given by an administrator; one person's alone.
    pub membership_number: Option<String>,
    /// Date of joining, given by an administrator.
    pub joined_on: Option<Date>,
    /// `address` (OIDC Core §5.1.1).
    pub address: Address,
    /// The language to write to them in: `locale`.
    pub locale: Option<String>,
}

/// A postal address (OIDC Core §5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    /// Street, house number and what belongs to them; may have several lines.
    pub street_address: Option<String>,
    /// City.
    pub locality: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

impl Address {
    /// Whether nothing of it is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The whole address as on a letter, or `None` if nothing is known: `formatted`.
    #[must_use]
    pub fn formatted(&self) -> Option<String> {
        let join = |parts: &[&Option<String>], between: &str| {
            let said: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
            said.join(between)
        };
        let city = join(&[&self.postal_code, &self.locality], " ");
        let rest = [
            Some(city).filter(|city| !city.is_empty()),
            self.region.clone(),
            self.country.clone(),
        ];
        let whole = std::iter::once(&self.street_address).chain(&rest).flatten();
        let whole = whole.map(String::as_str).collect::<Vec<_>>().join("\n");
        Some(whole).filter(|whole| !whole.is_empty())
    }
}

impl Profile {
    /// First and last name with a blank between, as far as they are known: `name`.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let parts = [self.given_name.as_deref(), self.family_name.as_deref()];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Some(name).filter(|name| !name.is_empty())
    }

    /// The profile after a change by its owner; `today` bounds the birth date.
    ///
    /// # Errors
    /// [`ProfileError`] names the field; then nothing is changed.
    pub fn edit(mut self, edit: ProfileEdit, today: Date) -> Result<Self, ProfileError> {
        let name = |text: &str| words::line(text, NAME);
        change("given_name", &mut self.given_name, edit.given_name, name)?;
        change("family_name", &mut self.family_name, edit.family_name, name)?;
        change("call_name", &mut self.call_name, edit.call_name, name)?;
        change("phone", &mut self.phone, edit.phone, words::phone)?;
        if let Change::To(date) = edit.birth_date {
            self.birth_date = read_date("birth_date", date.as_deref())?;
            if self.birth_date.is_some_and(|born| born > today) {
                return Err(ProfileError::new("birth_date", "it lies in the future"));
            }
        }
        change("education", &mut self.education, edit.education, name)?;
        if let Change::To(privacy) = edit.age_privacy {
            self.age_privacy = privacy.unwrap_or(false);
        }
        let own = &mut self.address;
        change("street_address", &mut own.street_address, edit.street_address, |text| {
            words::lines(text, STREET)
        })?;
        change("locality", &mut own.locality, edit.locality, name)?;
        change("region", &mut own.region, edit.region, name)?;
        change("postal_code", &mut own.postal_code, edit.postal_code, name)?;
        change("country", &mut own.country, edit.country, name)?;
        change("locale", &mut self.locale, edit.locale, words::locale)?;
        Ok(self)
    }
}

/// What becomes of one entry of a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is: the field was not there.
    #[default]
    Keep,
    /// It becomes this, or is taken out: the field was there, or there as `null`.
    To(Option<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::To)
    }
}

/// What its owner changes of a profile. A blank text takes an entry out too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileEdit {
    /// First name.
    pub given_name: Change<String>,
    /// Last name.
    pub family_name: Change<String>,
    /// What they are called.
    pub call_name: Change<String>,
    /// Phone number, as people write it.
    pub phone: Change<String>,
    /// `YYYY-MM-DD`.
    pub birth_date: Change<String>,
    /// What they study or have studied.
    pub education: Change<String>,
    /// Whether other members see neither age nor birthday; `null` means that they do.
    pub age_privacy: Change<bool>,
    /// Street, house number.
    pub street_address: Change<String>,
    /// City.
    pub locality: Change<String>,
    /// State or province.
    pub region: Change<String>,
    /// Postal code.
    pub postal_code: Change<String>,
    /// Country.
    pub country: Change<String>,
    /// Language tag.
    pub locale: Change<String>,
}

/// A field of a profile cannot be as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {what}")]
pub struct ProfileError {
    /// Which one.
    pub field: &'static str,
    /// What is wrong with it.
    pub what: String,
}

impl ProfileError {
    fn new(field: &'static str, what: impl Into<String>) -> Self {
        Self {
            field,
            what: what.into(),
        }
    }
}

/// What an administrator says of somebody who is admitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// One person's alone.
    pub number: Option<String>,
    /// Date of joining.
    pub joined_on: Option<Date>,
}

impl Membership {
    /// Checks both.
    ///
    /// # Errors
    /// [`ProfileError`] names the field.
    pub fn parse(number: Option<&str>, joined_on: Option<&str>) -> Result<Self, ProfileError> {
        let number = match number {
            Some(text) => read("membership_number", text, |text| words::line(text, NUMBER))?,
            None => None,
        };
        let joined_on = read_date("joined", joined_on)?;
        Ok(Self { number, joined_on })
    }
}

/// What somebody says of themselves when they sign up. It travels with the mailed links until there is an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The language to write to them in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

impl Introduction {
    /// Checks and cleans all of it.
    ///
    /// # Errors
    /// [`ProfileError`] names the field.
    pub fn checked(self) -> Result<Self, ProfileError> {
        let name = |text: &str| words::line(text, NAME);
        let check = |field, text: Option<String>, how: fn(&str) -> _| match text {
            Some(text) => read(field, &text, how),
            None => Ok(None),
        };
        Ok(Self {
            given_name: check("given_name", self.given_name, name)?,
            family_name: check("family_name", self.family_name, name)?,
            phone: check("phone", self.phone, words::phone)?,
            locale: check("locale", self.locale, words::locale)?,
        })
    }
}

impl From<Introduction> for Profile {
    fn from(said: Introduction) -> Self {
        Self {
            given_name: said.given_name,
            family_name: said.family_name,
            phone: said.phone,
            locale: said.locale,
            ..Self::default()
        }
    }
}

fn read(
    field: &'static str,
    text: &str,
    how: impl Fn(&str) -> Result<Option<String>, TextError>,
) -> Result<Option<String>, ProfileError> {
    how(text).map_err(|error| ProfileError::new(field, error.to_string()))
}

fn change(
    field: &'static str,
    entry: &mut Option<String>,
    change: Change<String>,
    how: impl Fn(&str) -> Result<Option<String>, TextError>,
) -> Result<(), ProfileError> {
    match change {
        Change::Keep => {}
        Change::To(None) => *entry = None,
        Change::To(Some(text)) => *entry = read(field, &text, how)?,
    }
    Ok(())
}

fn read_date(field: &'static str, text: Option<&str>) -> Result<Option<Date>, ProfileError> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|error: NotADate| ProfileError::new(field, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn today() -> Date {
        "2026-06-01".parse().expect("a day")
    }

    fn edit(profile: Profile, change: Value) -> Result<Profile, ProfileError> {
        profile.edit(serde_json::from_value(change).expect("an edit"), today())
    }

    #[test]
    fn an_edit_changes_what_it_names_and_nothing_else() {
        let first = edit(
            Profile::default(),
            json!({ "given_name": " Ann ", "phone": "+31 6 1234 5678", "birth_date": "2004-02-29", "age_privacy": true }),
        )
        .expect("is fine");
        assert_eq!(first.given_name.as_deref(), Some("Ann"));
        assert_eq!(first.phone.as_deref(), Some("+31612345678"));
        let second = edit(first.clone(), json!({ "birth_date": null, "call_name": "  " })).expect("is fine");
        let expected = Profile {
            birth_date: None,
            ..first
        };
        assert_eq!(second, expected);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let long = "a".repeat(500);
        for (field, value) in [
            ("given_name", long.as_str()),
            ("family_name", "a\u{202e}b"),
            ("call_name", "a\nb"),
            ("phone", "none"),
            ("birth_date", "2001-02-29"),
            ("birth_date", "2026-06-02"),
            ("education", long.as_str()),
            ("locale", "dutch please"),
            ("street_address", long.as_str()),
            ("country", "a\0"),
        ] {
            let error = edit(Profile::default(), json!({ field: value })).expect_err(field);
            assert_eq!(error.field, field);
        }
        assert!(serde_json::from_value::<ProfileEdit>(json!({ "membership_number": "1" })).is_err());
        assert!(serde_json::from_value::<ProfileEdit>(json!({ "given_name": 5 })).is_err());
    }

    #[test]
    fn an_address_is_written_as_on_a_letter() {
        let address = Address {
            street_address: Some("Mill 1".to_owned()),
            locality: Some("Delft".to_owned()),
            postal_code: Some("2611 AA".to_owned()),
            country: Some("NL".to_owned()),
            region: None,
        };
        assert_eq!(address.formatted().as_deref(), Some("Mill 1\n2611 AA Delft\nNL"));
        assert_eq!(Address::default().formatted(), None);
        assert!(Address::default().is_empty());
    }

    #[test]
    fn a_membership_is_checked() {
        assert_eq!(Membership::parse(None, Some(" ")), Ok(Membership::default()));
        let read = Membership::parse(Some(" A-17 "), Some("2020-09-01")).expect("is fine");
        assert_eq!(read.number.as_deref(), Some("A-17"));
        assert_eq!(
            Membership::parse(Some(&"9".repeat(33)), None).expect_err("long").field,
            "membership_number"
        );
        assert_eq!(
            Membership::parse(None, Some("soon")).expect_err("no day").field,
            "joined"
        );
    }

    #[test]
    fn an_introduction_is_checked_and_survives_the_way_through_a_link() {
        let said = Introduction {
            given_name: Some(" Ann ".to_owned()),
            phone: Some("06-12345678".to_owned()),
            ..Introduction::default()
        };
        let said = said.checked().expect("is fine");
        let text = serde_json::to_string(&said).expect("writes");
        assert_eq!(text, r#"{"given_name":"Ann","phone":"0612345678"}"#);
        assert_eq!(serde_json::from_str::<Introduction>(&text).expect("reads"), said);
        let long = Introduction {
            family_name: Some("\u{1f600}".repeat(500)),
            ..Introduction::default()
        };
        assert_eq!(long.checked().expect_err("long").field, "family_name");
        assert_eq!(Profile::from(said).name().as_deref(), Some("Ann"));
    }
}
