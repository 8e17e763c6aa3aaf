//! The table of all routes. Each of ours answers with and without the slash at its end, and never redirects.

use actix_web::http::Method;
use actix_web::middleware::Compress;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError as _, Route};

use super::problem::{Kind, Problem};
use super::{account, dev, headers, login, oauth, onboard, operate, pages, password};

/// Paths of the sign-in pages: one document serves them all.
const PAGES: [&str; 12] = [
    "/",
    "/login/",
    "/signup/",
    "/confirm/",
    "/register/",
    "/forgot/",
    "/reset/",
    "/consent/",
    "/logout/",
    "/signed-out/",
    "/account/",
    "/error/",
];

/// All routes of a production server.
pub fn routes(config: &mut ServiceConfig) {
    for page in PAGES {
        config.service(at(page).wrap(Compress::default()).route(web::get().to(pages::index)));
    }
    config
        .service(
            web::scope("/assets")
                .wrap(Compress::default())
                .route("/{path:.*}", web::get().to(pages::asset)),
        )
        .service(one("/login/start/", web::post().to(login::start)))
        .service(one("/login/finish/", web::post().to(login::finish)))
        .service(one("/onboard/signup/", web::post().to(onboard::sign_up)))
        .service(one("/onboard/email/", web::post().to(onboard::confirm_email)))
        .service(one("/onboard/register/", web::post().to(onboard::register)))
        .service(one("/onboard/finish/", web::post().to(onboard::finish)))
        .service(one("/update/password/reset/", web::post().to(password::reset)))
        .service(one("/update/password/start/", web::post().to(password::start)))
        .service(one("/update/password/finish/", web::post().to(password::finish)))
        .service(one("/account/session/", web::get().to(account::session)))
        .service(one("/account/logout/", web::post().to(account::logout)))
        .service(
            at("/oauth/authorize/")
                .route(web::get().to(oauth::authorize::get))
                .route(web::post().to(oauth::authorize::post)),
        )
        .service(one("/oauth/callback/", web::get().to(oauth::authorize::callback)))
        .service(one("/oauth/flow/", web::get().to(oauth::consent::flow)))
        .service(one("/oauth/consent/", web::post().to(oauth::consent::decide)))
        .service(
            at("/oauth/logout/")
                .route(web::get().to(oauth::logout::get))
                .route(web::post().to(oauth::logout::post)),
        )
        .service(one("/oauth/logout/confirm/", web::post().to(oauth::logout::confirm)))
        .service(open("/oauth/token/", [web::post().to(oauth::token::post)]))
        .service(open("/oauth/revoke/", [web::post().to(oauth::revoke::post)]))
        .service(open(
            "/oauth/userinfo/",
            [
                web::get().to(oauth::userinfo::get),
                web::post().to(oauth::userinfo::post),
            ],
        ))
        .service(open(
            "/.well-known/openid-configuration/",
            [web::get().to(oauth::discovery::document)],
        ))
        .service(open(
            "/.well-known/oauth-authorization-server/",
            [web::get().to(oauth::discovery::document)],
        ))
        .service(open("/.well-known/jwks.json/", [web::get().to(oauth::discovery::jwks)]))
        .service(one("/healthz/", web::get().to(operate::healthz)))
        .service(one("/readyz/", web::get().to(operate::readyz)))
        .service(one("/metrics/", web::get().to(operate::metrics)))
        .default_service(web::to(nothing_here));
}

/// What a development server has besides.
pub fn dev_routes(config: &mut ServiceConfig) {
    config
        .service(at("/demo/").wrap(Compress::default()).route(web::get().to(dev::demo)))
        .service(
            at("/dev/mailbox/")
                .wrap(Compress::default())
                .route(web::get().to(dev::mailbox)),
        )
        .service(one("/dev/mailbox.json/", web::get().to(dev::mails)));
}

/// A resource at `path` with and without its last slash; other methods answer 405.
fn at(path: &str) -> Resource {
    let bare = path.trim_end_matches('/');
    let paths = if bare.is_empty() {
        vec![path.to_owned()]
    } else {
        vec![path.to_owned(), bare.to_owned()]
    };
    web::resource(paths).default_service(web::to(other_method))
}

fn one(path: &str, route: Route) -> Resource {
    at(path).route(route)
}

/// A resource that scripts of any origin may call.
fn open<const N: usize>(
    path: &str,
    routes: [Route; N],
) -> Resource<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let mut resource = at(path).route(web::method(Method::OPTIONS).to(headers::preflight));
    for route in routes {
        resource = resource.route(route);
    }
    resource.wrap(headers::any_origin())
}

async fn other_method(request: HttpRequest) -> HttpResponse {
    // HEAD is GET without a body; everything else is a mistake.
    let detail = format!("{} is not a method of this address", request.method());
    Problem::new(Kind::MethodNotAllowed).detail(detail).error_response()
}

async fn nothing_here() -> HttpResponse {
    Problem::new(Kind::NotFound).error_response()
}
