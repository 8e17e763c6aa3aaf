//! JSON shapes of the members' API.

use serde::Serialize;

use crate::db::directory::Listed;
use crate::domain::account::Profile;

/// A whole profile, as its owner and administrators see it. What is not known is not there.
#[derive(Serialize)]
pub struct OwnProfile<'a> {
    /// The account: the `sub` of tokens.
    id: &'a str,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    education: Option<&'a str>,
    age_privacy: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership_number: Option<&'a str>,
    /// Date of joining.
    #[serde(skip_serializing_if = "Option::is_none")]
    joined: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locality: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
}

impl<'a> OwnProfile<'a> {
    /// The profile of an account.
    pub fn of(id: &'a str, email: &'a str, profile: &'a Profile) -> Self {
        let address = &profile.address;
        Self {
            id,
            email,
            name: profile.name(),
            given_name: profile.given_name.as_deref(),
            family_name: profile.family_name.as_deref(),
            call_name: profile.call_name.as_deref(),
            phone: profile.phone.as_deref(),
            birth_date: profile.birth_date.map(|date| date.to_string()),
            education: profile.education.as_deref(),
            age_privacy: profile.age_privacy,
            membership_number: profile.membership_number.as_deref(),
            joined: profile.joined_on.map(|date| date.to_string()),
            street_address: address.street_address.as_deref(),
            locality: address.locality.as_deref(),
            region: address.region.as_deref(),
            postal_code: address.postal_code.as_deref(),
            country: address.country.as_deref(),
            locale: profile.locale.as_deref(),
        }
    }
}

/// A member as other members see them: no address, phone or number, and age only where they show it.
#[derive(Serialize)]
pub struct MemberProfile<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    education: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    joined: Option<String>,
}

impl<'a> MemberProfile<'a> {
    /// What members may see of this profile.
    pub fn of(id: &'a str, profile: &'a Profile) -> Self {
        Self {
            id,
            name: profile.name(),
            given_name: profile.given_name.as_deref(),
            family_name: profile.family_name.as_deref(),
            call_name: profile.call_name.as_deref(),
            education: profile.education.as_deref(),
            birth_date: profile
                .birth_date
                .filter(|_| !profile.age_privacy)
                .map(|date| date.to_string()),
            joined: profile.joined_on.map(|date| date.to_string()),
        }
    }
}

/// Somebody as an administrator sees them.
#[derive(Serialize)]
pub struct User<'a> {
    #[serde(flatten)]
    profile: OwnProfile<'a>,
    /// `active` or `disabled`.
    status: &'static str,
    scopes: &'a [String],
    /// Milliseconds since the Unix epoch.
    created_at: i64,
    /// Why the last mail to them was refused for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_trouble: Option<&'a str>,
}

impl<'a> From<&'a Listed> for User<'a> {
    fn from(listed: &'a Listed) -> Self {
        Self {
            profile: OwnProfile::of(&listed.id, &listed.email, &listed.profile),
            status: if listed.active { "active" } else { "disabled" },
            scopes: &listed.scopes,
            created_at: listed.created_at.as_millis(),
            mail_trouble: listed.mail_trouble.as_deref(),
        }
    }
}
