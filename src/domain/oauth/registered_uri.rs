//! Which URIs a client may be registered with. Once registered they are compared as text only, so this is the one place
//! where they are taken apart.

use url::Url;

use super::client::ApplicationType;
use super::redirect::after_port;

/// Longest URI, in bytes.
pub const MAX_URI: usize = 2048;

/// The hosts of this machine, as they may be written after `http://`.
const LOOPBACK: [&str; 3] = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

/// Parameters that the answer adds. A registered query with one of them would make it ambiguous.
const ANSWERED: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// Checks a URI that the browser may be sent to: absolute, printable ASCII, no fragment, no user name, and
///
/// - `https`, for everybody;
/// - `http` to this machine, for native clients (RFC 8252 §7.3), and for all where the issuer itself is loopback http;
/// - a scheme with a dot in it, such as `org.example.app:/done`, for native clients (RFC 8252 §7.1).
///
/// # Errors
/// What is wrong with it, to be put after its field.
pub fn check_redirect(uri: &str, kind: ApplicationType, loopback_issuer: bool) -> Result<(), &'static str> {
    let url = parse(uri)?;
    if url.query_pairs().any(|(name, _)| ANSWERED.contains(&name.as_ref())) {
        return Err("its query must not have a parameter that the answer adds, such as code or state");
    }
    let native = kind == ApplicationType::Native;
    match url.scheme() {
        "https" => Ok(()),
        "http" if (native || loopback_issuer) && is_loopback(uri) => Ok(()),
        "http" => Err(
            "it must be https (http to 127.0.0.1, [::1] or localhost is for native clients, \
             and for all where the issuer is loopback http)",
        ),
        scheme if native && scheme.contains('.') => Ok(()),
        _ if native => Err("a scheme of its own must be a domain name in reverse order, such as org.example.app"),
        _ => Err("it must be https"),
    }
}

/// Checks the URI of a page that people may follow a link to: `https`, or `http` to this machine where the issuer is so.
///
/// # Errors
/// What is wrong with it, to be put after its field.
pub fn check_page(uri: &str, loopback_issuer: bool) -> Result<(), &'static str> {
    match parse(uri)?.scheme() {
        "https" => Ok(()),
        "http" if loopback_issuer && is_loopback(uri) => Ok(()),
        _ => Err("it must be https"),
    }
}

fn parse(uri: &str) -> Result<Url, &'static str> {
    if uri.len() > MAX_URI {
        return Err("it is longer than 2048 bytes");
    }
    // What RFC 3986 §2 allows; a URL parser would silently mend the rest.
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    if !uri.bytes().all(allowed) {
        return Err("it has a character that no URI has");
    }
    if uri.contains('#') {
        return Err("it must not have a fragment");
    }
    let url = Url::parse(uri).map_err(|_| "it must be an absolute URI")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not have a user name or password");
    }
    let is_web = matches!(url.scheme(), "https" | "http");
    let after_scheme = uri.split_once(':').map_or("", |(_, rest)| rest);
    if is_web && (!after_scheme.starts_with("//") || after_scheme.starts_with("///")) {
        return Err("it must have two slashes and a host after its scheme");
    }
    if url.host_str().is_some_and(|host| host.contains('*')) {
        return Err("its host must not have a wildcard");
    }
    Ok(url)
}

fn is_loopback(uri: &str) -> bool {
    LOOPBACK
        .iter()
        .any(|host| uri.strip_prefix(host).is_some_and(|rest| after_port(rest).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use ApplicationType::{Native, Web};

    #[test]
    fn https_is_for_everybody() {
        for uri in [
            "https://app.example",
            "https://app.example/cb?x=1",
            "https://app.example:8443/a/b",
            "https://127.0.0.1/",
        ] {
            assert_eq!(check_redirect(uri, Web, false), Ok(()), "{uri}");
            assert_eq!(check_redirect(uri, Native, false), Ok(()), "{uri}");
        }
    }

    #[test]
    fn loopback_http_is_for_native_clients_and_loopback_issuers() {
        for uri in [
            "http://127.0.0.1/cb",
            "http://127.0.0.1:8080",
            "http://[::1]:1/cb?x",
            "http://localhost:3000/cb",
        ] {
            assert_eq!(check_redirect(uri, Native, false), Ok(()), "{uri}");
            assert_eq!(check_redirect(uri, Web, true), Ok(()), "{uri}");
            assert!(check_redirect(uri, Web, false).is_err(), "{uri}");
        }
        for uri in [
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/cb",
            "http://127.1/cb",
            "http://0.0.0.0/cb",
            "http://LOCALHOST/cb",
        ] {
            assert!(check_redirect(uri, Native, true).is_err(), "{uri}");
        }
    }

    #[test]
    fn private_use_schemes_are_for_native_clients_and_have_a_dot() {
        assert_eq!(check_redirect("org.example.app:/cb", Native, false), Ok(()));
        assert!(check_redirect("org.example.app:/cb", Web, true).is_err());
        for uri in [
            "myapp:/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://a.example/",
        ] {
            assert!(check_redirect(uri, Native, true).is_err(), "{uri}");
        }
    }

    #[test]
    fn az_05_what_cannot_be_compared_safely_is_not_registered() {
        for uri in [
            "",
            "/cb",
            "app.example/cb",
            "//app.example/cb",
            "https:app.example/cb",
            "https:/app.example/cb",
            "https:///app.example/cb",
            "https://",
            "https://app.example/cb#",
            "https://app.example/cb#x",
            "https://user@app.example/cb",
            "https://user:word@app.example/cb",
            "https://*.example/cb",
            "https://app.example/a b",
            " https://app.example/",
            "https://app.example/\n",
            "https://app.example\\cb",
            "https://\u{e4}pp.example/cb",
            "https://app.example/cb?code=x",
            "https://app.example/cb?a=1&st%61te=x",
            &format!("https://app.example/{}", "a".repeat(MAX_URI)),
        ] {
            assert!(check_redirect(uri, Web, true).is_err(), "{uri:?}");
            assert!(check_redirect(uri, Native, true).is_err(), "{uri:?}");
        }
    }

    #[test]
    fn a_page_is_https_or_on_this_machine() {
        assert_eq!(check_page("https://app.example/?code=1", false), Ok(()));
        assert_eq!(check_page("http://127.0.0.1:4242/demo/", true), Ok(()));
        for uri in [
            "http://127.0.0.1:4242/demo/",
            "javascript:alert(1)",
            "org.example.app:/",
        ] {
            assert!(check_page(uri, false).is_err(), "{uri}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(uri in ".{0,80}", native: bool, loopback: bool) {
            let kind = if native { Native } else { Web };
            let _ = (check_redirect(&uri, kind, loopback), check_page(&uri, loopback));
        }
    }
}
