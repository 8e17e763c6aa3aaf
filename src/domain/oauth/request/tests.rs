//! What an authorization request is refused for, where that is told, and what is let through.

use proptest::prelude::*;

use super::testing::rules;
use super::*;
use crate::domain::oauth::client::testing;

const PKCE: &str = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
const BASE: &str = "client_id=app&redirect_uri=https://app.example/cb&response_type=code&scope=openid&state=a%20b";

fn ask(client: &Client, query: &str) -> Result<AuthorizationRequest, RequestFailure> {
    let parameters = Parameters::parse(query.as_bytes()).expect("parses");
    let proven = Proven::prove(&parameters, Some(client))?;
    Ok(proven.validate(&parameters, client, &rules())?)
}

fn public(more: &str) -> Result<AuthorizationRequest, RequestFailure> {
    ask(&testing::public(), &format!("{BASE}{PKCE}{more}"))
}

/// The code of an error that goes to the client, which always gets its state back.
fn redirected(result: Result<AuthorizationRequest, RequestFailure>) -> &'static str {
    match result {
        Err(RequestFailure::Redirect(error)) => {
            assert_eq!(
                (error.redirect_uri.as_str(), error.state.as_deref()),
                ("https://app.example/cb", Some("a b"))
            );
            error.error.code().as_str()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_request_is_understood_whole() {
    let request = public(
        "&nonce=n-1&prompt=login+consent&max_age=1&login_hint=a@b.example&ui_locales=de+en&id_token_hint=e.y.J&response_mode=query",
    )
    .expect("is valid");
    assert_eq!(
        (request.client_id.as_str(), request.redirect_uri.as_str()),
        ("app", "https://app.example/cb")
    );
    assert_eq!(
        (request.state.as_deref(), request.nonce.as_deref()),
        (Some("a b"), Some("n-1"))
    );
    assert!(request.code_challenge.is_some() && request.prompt.wants_login() && request.prompt.wants_consent());
    assert_eq!(request.max_age, Some(Duration::from_secs(1)));
    assert_eq!(
        (request.login_hint.as_deref(), request.ui_locales.as_deref()),
        (Some("a@b.example"), Some("de en"))
    );
    assert_eq!(request.id_token_hint.as_deref(), Some("e.y.J"));
    assert_eq!(
        request.answer("https://id.example", "xyz"),
        Answer::Redirect("https://app.example/cb?code=xyz&state=a%20b&iss=https%3A%2F%2Fid.example".to_owned())
    );
}

#[test]
fn az_05_az_51_errors_about_client_or_redirect_uri_are_shown_on_a_page() {
    let rest = "response_type=token&scope=openid&state=x";
    for query in [
        format!("redirect_uri=https://app.example/cb&{rest}"),
        format!("client_id=&redirect_uri=https://app.example/cb&{rest}"),
        format!("client_id=nobody&redirect_uri=https://app.example/cb&{rest}"),
        format!("client_id=a+b&redirect_uri=https://app.example/cb&{rest}"),
        format!("client_id=app&{rest}"),
        format!("client_id=app&redirect_uri=&{rest}"),
        format!("client_id=app&redirect_uri=https://app.example/cb/&{rest}"),
        format!("client_id=app&redirect_uri=https://evil.example/&{rest}"),
    ] {
        assert!(
            matches!(ask(&testing::public(), &query), Err(RequestFailure::Page(_))),
            "{query}"
        );
    }
    let parameters = Parameters::parse(BASE.as_bytes()).expect("parses");
    assert!(Proven::prove(&parameters, None).is_err());
}

#[test]
fn az_01_az_02_only_response_type_code_is_supported() {
    let with = |response_type: &str| {
        let query = format!("{BASE}{PKCE}").replace("response_type=code", response_type);
        redirected(ask(&testing::public(), &query))
    };
    assert_eq!(with(""), "invalid_request");
    assert_eq!(with("response_type="), "invalid_request");
    for other in ["token", "id_token", "code+id_token", "none", "CODE", "code+code"] {
        assert_eq!(
            with(&format!("response_type={other}")),
            "unsupported_response_type",
            "{other}"
        );
    }
    for mode in ["jwt", "query.jwt", "QUERY", "x"] {
        assert_eq!(
            redirected(public(&format!("&response_mode={mode}"))),
            "invalid_request",
            "{mode}"
        );
    }
}

#[test]
fn az_07_az_08_a_public_client_must_use_pkce_with_s256() {
    assert_eq!(redirected(ask(&testing::public(), BASE)), "invalid_request");
    for bad in [
        PKCE.replace("S256", "plain"),
        PKCE.replace("&code_challenge_method=S256", ""),
        PKCE.replace("E9", "E"),
    ] {
        assert_eq!(
            redirected(ask(&testing::public(), &format!("{BASE}{bad}"))),
            "invalid_request",
            "{bad}"
        );
        assert_eq!(
            redirected(ask(&testing::confidential(), &format!("{BASE}{bad}"))),
            "invalid_request",
            "{bad}"
        );
    }
    assert!(ask(&testing::confidential(), BASE).is_ok_and(|r| r.code_challenge.is_none()));
    let strict = Client {
        require_pkce: true,
        ..testing::confidential()
    };
    assert_eq!(redirected(ask(&strict, BASE)), "invalid_request");
}

#[test]
fn az_10_a_repeated_parameter_is_told_to_the_client_unless_it_hides_where_that_is() {
    use crate::domain::oauth::parameters::ParameterError;
    let prove = |query: &str| match Parameters::parse(query.as_bytes()) {
        Err(error @ ParameterError::Repeated { .. }) => {
            let failure = OAuthError::from(&error);
            let ParameterError::Repeated { rest, .. } = error else {
                unreachable!()
            };
            Proven::prove(&rest, Some(&testing::public())).map(|proven| proven.refuse(failure))
        }
        other => panic!("{other:?}"),
    };
    let refusal = prove(&format!("{BASE}&scope=openid")).expect("is proven");
    assert_eq!(refusal.error.description(), "parameter scope is there more than once");
    assert_eq!(refusal.state.as_deref(), Some("a b"));
    assert_eq!(prove(&format!("{BASE}&state=y")).expect("is proven").state, None);
    assert!(prove(&format!("{BASE}&client_id=app")).is_err());
    assert!(prove(&format!("{BASE}&redirect_uri=https://evil.example/")).is_err());
}

#[test]
fn az_14_what_leads_to_another_request_is_refused_and_never_ignored() {
    assert_eq!(redirected(public("&request=e.y.J")), "request_not_supported");
    assert_eq!(
        redirected(public("&request_uri=https://evil.example/")),
        "request_uri_not_supported"
    );
    assert_eq!(redirected(public("&registration=%7B%7D")), "registration_not_supported");
}

#[test]
fn az_30_to_az_36_and_az_44_what_is_optional_or_unknown_is_no_error() {
    for more in [
        "&x=1&foo%5B%5D=bar",
        "&display=popup",
        "&display=hologram",
        "&ui_locales=xx-not-a-tag",
        "&claims_locales=de",
        "&acr_values=1+2",
        "&login_hint=%3Cscript%3E",
        "&claims=%7B%22userinfo%22%3A%7B%22name%22%3A%7B%22essential%22%3Atrue%7D%7D%7D",
        "&max_age=&prompt=&nonce=",
    ] {
        assert!(public(more).is_ok(), "{more}");
    }
    let long = "x".repeat(MAX_HINT + 1);
    let request = public(&format!("&login_hint={long}&ui_locales={long}")).expect("is valid");
    assert_eq!((request.login_hint, request.ui_locales), (None, None));
}

#[test]
fn every_error_travels_as_the_client_asked() {
    for (mode, expected) in [
        ("query", ResponseMode::Query),
        ("fragment", ResponseMode::Fragment),
        ("form_post", ResponseMode::FormPost),
        ("x", ResponseMode::Query),
    ] {
        match public(&format!("&response_mode={mode}&max_age=x")) {
            Err(RequestFailure::Redirect(error)) => assert_eq!(error.response_mode, expected, "{mode}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn az_44_az_46_a_single_claim_is_asked_of_the_person_like_its_scope() {
    let request = public("&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D").expect("is valid");
    assert_eq!(request.scope, ScopeSet::of(["openid"]));
    assert_eq!(*request.disclosed(), ScopeSet::of(["email", "openid"]));
    assert_eq!(redirected(public("&claims=%7Bnot+json")), "invalid_request");
}

#[test]
fn dpop_10_a_code_is_bound_to_a_thumbprint_or_the_request_is_refused() {
    let jkt = "A".repeat(43);
    assert_eq!(
        public(&format!("&dpop_jkt={jkt}")).expect("is valid").dpop_jkt,
        Some(jkt)
    );
    assert_eq!(redirected(public("&dpop_jkt=short")), "invalid_request");
}

#[test]
fn par_02_a_client_that_must_push_cannot_ask_in_the_browser() {
    let mut strict = testing::public();
    strict.options.require_pushed = true;
    assert_eq!(redirected(ask(&strict, &format!("{BASE}{PKCE}"))), "invalid_request");
}

#[test]
fn az_24_prompt_and_max_age_that_make_no_sense_are_invalid_request() {
    for more in [
        "&prompt=none+login",
        "&prompt=x",
        "&max_age=-1",
        "&max_age=1.5",
        "&max_age=x",
    ] {
        assert_eq!(redirected(public(more)), "invalid_request", "{more}");
    }
    let strict = Client {
        default_max_age: Some(60),
        ..testing::public()
    };
    let with = |more: &str| ask(&strict, &format!("{BASE}{PKCE}{more}")).expect("is valid").max_age;
    assert_eq!(with(""), Some(Duration::from_mins(1)));
    assert_eq!(with("&max_age=5"), Some(Duration::from_secs(5)));
}

#[test]
fn scope_is_needed_and_may_lack_openid() {
    let with = |scope: &str| {
        ask(
            &testing::public(),
            &format!("{BASE}{PKCE}").replace("scope=openid", scope),
        )
    };
    assert_eq!(redirected(with("")), "invalid_scope");
    assert_eq!(redirected(with("scope=unheard-of")), "invalid_scope");
    assert_eq!(redirected(with("scope=a%22b")), "invalid_scope");
    assert!(with("scope=email").is_ok_and(|r| !r.scope.contains("openid")));
}

#[test]
fn ab_a_long_state_or_nonce_is_a_clean_error() {
    assert!(public(&format!("&nonce={}", "n".repeat(384))).is_ok());
    assert_eq!(
        redirected(public(&format!("&nonce={}", "n".repeat(MAX_NONCE + 1)))),
        "invalid_request"
    );
    let with_state = |n| {
        ask(
            &testing::public(),
            &format!("{BASE}{PKCE}").replace("a%20b", &"s".repeat(n)),
        )
    };
    assert!(with_state(MAX_STATE).is_ok());
    assert!(matches!(
        with_state(MAX_STATE + 1),
        Err(RequestFailure::Redirect(RedirectError { state: None, .. }))
    ));
}

proptest! {
    #[test]
    fn az_05_no_request_however_strange_goes_anywhere_but_to_a_registered_uri(
        redirect_uri in "(https://app\\.example/cb)?.{0,10}",
        pairs in prop::collection::vec(("(prompt|max_age|scope|state|response_type|claims|dpop_jkt|[a-z]{1,5})", "[^\\p{Cc}]{0,20}"), 0..8),
        mode in prop::option::of(prop::sample::select(vec!["query", "fragment", "form_post", "x"])),
    ) {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", "app").append_pair("redirect_uri", &redirect_uri).extend_pairs(pairs);
        if let Some(mode) = mode {
            form.append_pair("response_mode", mode);
        }
        let Ok(parameters) = Parameters::parse(form.finish().as_bytes()) else { return Ok(()) };
        let client = testing::public();
        let Ok(proven) = Proven::prove(&parameters, Some(&client)) else { return Ok(()) };
        let answer = match proven.validate(&parameters, &client, &rules()) {
            Ok(request) => request.answer("https://id.example", "c"),
            Err(error) => error.answer("https://id.example"),
        };
        match answer {
            Answer::Redirect(location) => {
                let rest = location.strip_prefix("https://app.example/cb");
                prop_assert!(rest.is_some_and(|rest| rest.starts_with(['?', '#'])));
                prop_assert!(location.ends_with("&iss=https%3A%2F%2Fid.example"));
            }
            Answer::Form { action, fields } => {
                prop_assert_eq!(action, "https://app.example/cb");
                prop_assert_eq!(fields.last(), Some(&("iss", "https://id.example".to_owned())));
            }
        }
    }
}
