//! The two cookies: which browser this is, and who is signed in. Both are random ids and mean nothing by themselves.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::actors::grants::Browser;
use crate::config::Issuer;
use crate::domain::secret::Token;

/// A browser is remembered for 400 days, the longest that browsers grant.
const BROWSER_SECONDS: u64 = 400 * 24 * 3600;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Set at the first authorization request or login; binds flows and logins to this browser.
    Browser,
    /// Set at login, anew each time.
    Session,
}

impl Cookie {
    /// `__Host-` needs Secure, which browsers take from https alone; on loopback http names are plain.
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Browser, true) => "__Host-countersign-browser",
            (Self::Session, true) => "__Host-countersign-session",
            (Self::Browser, false) => "countersign-browser",
            (Self::Session, false) => "countersign-session",
        }
    }

    /// The value in a request; `None` if there is none, several, or one that is not ours.
    pub fn read(self, request: &HttpRequest, issuer: &Issuer) -> Option<Token> {
        let name = self.name(issuer.is_https());
        let mut found = None;
        for line in request.headers().get_all(header::COOKIE) {
            for pair in line.to_str().ok()?.split(';') {
                let Some((key, value)) = pair.split_once('=') else {
                    continue;
                };
                if key.trim_matches(' ') == name {
                    if found.is_some() {
                        return None;
                    }
                    found = Some(value.trim_matches(' '));
                }
            }
        }
        found.and_then(Token::parse)
    }

    /// A `Set-Cookie` value that sets it, for `seconds`.
    pub fn set(self, token: &Token, seconds: u64, issuer: &Issuer) -> String {
        self.line(&token.reveal(), seconds, issuer)
    }

    /// A `Set-Cookie` value that removes it.
    pub fn clear(self, issuer: &Issuer) -> String {
        self.line("", 0, issuer)
    }

    fn line(self, value: &str, seconds: u64, issuer: &Issuer) -> String {
        let secure = if issuer.is_https() { "; Secure" } else { "" };
        let name = self.name(issuer.is_https());
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// `Set-Cookie` for a new browser id.
pub fn set_browser(token: &Token, issuer: &Issuer) -> String {
    Cookie::Browser.set(token, BROWSER_SECONDS, issuer)
}

/// Both cookies of a request.
pub fn browser(request: &HttpRequest, issuer: &Issuer) -> Browser {
    Browser {
        id: Cookie::Browser.read(request, issuer),
        session: Cookie::Session.read(request, issuer),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const ID: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn read(cookie: &str, issuer: &str) -> bool {
        let request = TestRequest::default()
            .insert_header((header::COOKIE, cookie))
            .to_http_request();
        Cookie::Session
            .read(&request, &Issuer::parse(issuer).expect("an issuer"))
            .is_some()
    }

    #[test]
    fn se_08_cookies_are_named_and_guarded_by_the_issuers_scheme() {
        let https = Issuer::parse("https://id.example.org").expect("an issuer");
        let token = Token::parse(ID).expect("a token");
        let line = Cookie::Session.set(&token, 60, &https);
        assert_eq!(
            line,
            format!("__Host-countersign-session={ID}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure")
        );
        let http = Issuer::parse("http://127.0.0.1:4242").expect("an issuer");
        assert!(!Cookie::Session.set(&token, 60, &http).contains("Secure"));
    }

    #[test]
    fn a_cookie_that_is_there_twice_or_not_ours_counts_as_none() {
        let issuer = "http://127.0.0.1:4242";
        assert!(read(&format!("a=b; countersign-session={ID}"), issuer));
        assert!(!read(
            &format!("countersign-session={ID}; countersign-session={ID}"),
            issuer
        ));
        assert!(!read("countersign-session=short", issuer));
        assert!(!read(&format!("countersign-session={ID}"), "https://id.example.org"));
    }
}
