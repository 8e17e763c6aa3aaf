//! The Rust crate `openidconnect`, from discovery to logout, through TLS: it takes no revocation endpoint without.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreRevocableToken, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    RevocationUrl, Scope, TokenResponse as _,
};
use serde_json::json;

use crate::support::{Client, Person, Server, query_of};

#[actix_web::test]
async fn lg_01_the_crate_openidconnect_signs_in_reads_userinfo_refreshes_revokes_and_signs_out() {
    let server = Server::start_behind_tls();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let registered = Client::register(
            &server,
            json!({
                "redirect_uris": ["https://app.example/cb"], "post_logout_redirect_uris": ["https://app.example/bye"],
                "id_token_signed_response_alg": algorithm, "first_party": true,
            }),
        );
        round(&server, &mut person, &registered).await;
    }
}

async fn round(server: &Server, person: &mut Person, registered: &Client) {
    let issuer = IssuerUrl::new(server.issuer.clone()).expect("an issuer");
    let metadata = ProviderMetadataWithLogout::discover_async(issuer, &server.http)
        .await
        .expect("discovery");
    let document = server.get("/.well-known/openid-configuration").await.json();
    let revocation = document["revocation_endpoint"].as_str().expect("an endpoint");
    let end_session = metadata.additional_metadata().end_session_endpoint.clone();
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(registered.id.clone()),
        registered.secret.clone().map(ClientSecret::new),
    )
    .set_redirect_uri(RedirectUrl::new(registered.redirect_uri.clone()).expect("a URL"))
    .set_revocation_url(RevocationUrl::new(revocation.to_owned()).expect("a URL"));

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let back = person.answer(url.as_str()).await;
    let answer = query_of(&back);
    assert_eq!(&answer["state"], state.secret());
    assert_eq!(answer["iss"], server.issuer);

    let tokens = client
        .exchange_code(AuthorizationCode::new(answer["code"].clone()))
        .expect("an endpoint")
        .set_pkce_verifier(verifier)
        .request_async(&server.http)
        .await
        .expect("tokens");
    let id_token = tokens.id_token().expect("an ID token");
    let judge = client.id_token_verifier();
    let claims = id_token.claims(&judge, &nonce).expect("a good ID token");
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().expect("an algorithm");
        let key = id_token.signing_key(&judge).expect("a key");
        let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).expect("a hash");
        assert_eq!(&hash, expected);
    }

    let info: CoreUserInfoClaims = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        .expect("an endpoint")
        .request_async(&server.http)
        .await
        .expect("userinfo");
    assert_eq!(info.email().map(|email| email.as_str()), Some("ada@example.org"));

    let refresh = tokens.refresh_token().expect("a refresh token");
    let next = client
        .exchange_refresh_token(refresh)
        .expect("an endpoint")
        .request_async(&server.http)
        .await
        .expect("tokens");
    let refresh = next.refresh_token().expect("a refresh token").clone();
    client
        .revoke_token(CoreRevocableToken::RefreshToken(refresh.clone()))
        .expect("an endpoint")
        .request_async(&server.http)
        .await
        .expect("is revoked");
    let refused = client
        .exchange_refresh_token(&refresh)
        .expect("an endpoint")
        .request_async(&server.http)
        .await;
    assert!(refused.is_err(), "a revoked token refreshes");

    let bye = PostLogoutRedirectUrl::new("https://app.example/bye".to_owned()).expect("a URL");
    let logout = LogoutRequest::from(end_session.expect("an end-session endpoint"))
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(bye)
        .set_state(CsrfToken::new("the-state".to_owned()))
        .http_get_url();
    let out = person.browser.get(logout.as_str()).await;
    assert_eq!(out.location(), "https://app.example/bye?state=the-state");
}
