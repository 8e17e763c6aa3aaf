//! The table of all routes. Each of ours answers with and without the slash at its end, and never redirects.

use std::sync::Arc;

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::{Any, Get, Head};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Compress;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, ResponseError as _, Route};

use super::problem::{Kind, Problem};
use super::{access, account, admin_clients, change, dev, headers, login, oauth, onboard, operate, pages, password};

/// Paths of the sign-in pages: one document serves them all.
const PAGES: [&str; 16] = [
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
    "/account/delete/",
    "/email/",
    "/admin/",
    "/device/",
    "/error/",
];

/// What every server has, whatever its jobs are.
pub fn operator_routes(config: &mut ServiceConfig) {
    config
        .service(at("/healthz/").get(operate::healthz).finish())
        .service(at("/readyz/").get(operate::readyz).finish())
        .service(at("/metrics/").get(operate::metrics).finish())
        .default_service(web::to(nothing_here));
}

/// Those routes of the job "identity" that most requests are for. A path is compared with that of each route in turn, so
/// these come before all others.
pub fn busy_routes(config: &mut ServiceConfig) {
    config
        .service(at("/oauth/token/").post(oauth::token::post).open())
        .service(
            at("/oauth/userinfo/")
                .get(oauth::userinfo::get)
                .post(oauth::userinfo::post)
                .open(),
        )
        .service(at("/oauth/introspect/").post(oauth::introspect::post).finish())
        .service(
            at("/oauth/authorize/")
                .get(oauth::authorize::get)
                .post(oauth::authorize::post)
                .finish(),
        )
        .service(at("/oauth/callback/").get(oauth::authorize::callback).finish())
        .service(at("/login/start/").post(login::start).finish())
        .service(at("/login/finish/").post(login::finish).finish())
        .service(at("/.well-known/jwks.json/").get(oauth::discovery::jwks).open())
        .service(
            at("/.well-known/openid-configuration/")
                .get(oauth::discovery::document)
                .open(),
        )
        .service(at("/onboard/register/").post(onboard::register).finish())
        .service(at("/onboard/finish/").post(onboard::finish).finish());
}

/// The other routes of the job "identity".
pub fn routes(config: &mut ServiceConfig) {
    for page in PAGES {
        config.service(at(page).get(pages::index).compressed());
    }
    config
        .service(at("/onboard/signup/").post(onboard::sign_up).finish())
        .service(at("/onboard/email/").post(onboard::confirm_email).finish())
        .service(at("/update/password/reset/").post(password::reset).finish())
        .service(at("/update/password/start/").post(password::start).finish())
        .service(at("/update/password/finish/").post(password::finish).finish())
        .service(at("/update/password/change/").post(change::password).finish())
        .service(at("/update/email/send/").post(change::send_email).finish())
        .service(at("/update/email/check/").post(change::check_email).finish())
        .service(at("/update/delete/url/").post(change::delete_url).finish())
        .service(at("/update/delete/check/").post(change::check_deletion).finish())
        .service(at("/logout/delete/").post(access::end_grant).open())
        .service(at("/account/sessions/").get(access::sessions).finish())
        .service(at("/account/sessions/end/").post(access::end_session).finish())
        .service(at("/account/sessions/end-others/").post(access::end_others).finish())
        .service(at("/account/applications/").get(access::applications).finish())
        .service(at("/account/applications/end/").post(access::end_application).finish())
        .service(at("/account/session/").get(account::session).finish())
        .service(at("/account/logout/").post(account::logout).finish())
        .service(at("/oauth/flow/").get(oauth::consent::flow).finish())
        .service(at("/oauth/consent/").post(oauth::consent::decide).finish())
        .service(
            at("/oauth/logout/")
                .get(oauth::logout::get)
                .post(oauth::logout::post)
                .finish(),
        )
        .service(at("/oauth/logout/confirm/").post(oauth::logout::confirm).finish())
        .service(at("/oauth/form_post.js/").get(oauth::form_post::script).finish())
        .service(at("/oauth/par/").post(oauth::par::post).open())
        .service(at("/oauth/revoke/").post(oauth::revoke::post).open())
        .service(at("/oauth/register/").post(oauth::register::post).open())
        .service(at("/oauth/device/").post(oauth::device::post).open())
        .service(at("/oauth/device/lookup/").post(oauth::device::describe).finish())
        .service(at("/oauth/device/decide/").post(oauth::device::decide).finish())
        .service(
            at("/.well-known/oauth-authorization-server/")
                .get(oauth::discovery::document)
                .open(),
        )
        .service(
            at("/admin/clients/")
                .get(admin_clients::list)
                .post(admin_clients::add)
                .open(),
        )
        // These paths are patterns, which every request after them pays for.
        .service(
            at("/admin/clients/{id}/")
                .get(admin_clients::one)
                .put(admin_clients::replace)
                .delete(admin_clients::remove)
                .open(),
        )
        .service(
            at("/oauth/register/{client_id}/")
                .get(oauth::register::get)
                .put(oauth::register::put)
                .delete(oauth::register::delete)
                .finish(),
        )
        .service(at("/assets/{path:.*}").get(pages::asset).compressed());
}

/// What a development server has besides.
pub fn dev_routes(config: &mut ServiceConfig) {
    config
        .service(at("/demo/").get(dev::demo).compressed())
        .service(at("/dev/mailbox/").get(dev::mailbox).compressed())
        .service(at("/dev/mailbox.json/").get(dev::mails).finish());
}

/// A resource in the making, and the methods it takes.
pub struct Place {
    /// One for each spelling of the path: a plain text is compared, where several in one resource are a regex.
    spellings: Vec<Resource>,
    allow: Vec<&'static str>,
}

/// A resource at `path` with and without its last slash.
pub fn at(path: &str) -> Place {
    let bare = path.trim_end_matches('/');
    let mut spellings = vec![web::resource(path)];
    if !bare.is_empty() && bare != path {
        spellings.push(web::resource(bare));
    }
    Place {
        spellings,
        allow: Vec::new(),
    }
}

impl Place {
    /// GET, and HEAD with it (RFC 9110 §9.1).
    pub fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.allow.extend(["GET", "HEAD"]);
        self.route(|| web::route().guard(Any(Get()).or(Head())).to(handler.clone()))
    }

    /// POST.
    pub fn post<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.allow.push("POST");
        self.route(|| web::post().to(handler.clone()))
    }

    fn put<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.allow.push("PUT");
        self.route(|| web::put().to(handler.clone()))
    }

    fn delete<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.allow.push("DELETE");
        self.route(|| web::delete().to(handler.clone()))
    }

    fn route(self, route: impl Fn() -> Route) -> Self {
        let spellings = self.spellings.into_iter().map(|one| one.route(route())).collect();
        Self { spellings, ..self }
    }

    /// Every other method is answered 405, with those that would be right.
    pub fn finish(self) -> Vec<Resource> {
        let allow: Arc<str> = self.allow.join(", ").into();
        let finish = |one: Resource| {
            let allow = Arc::clone(&allow);
            one.default_service(web::to(move |request: HttpRequest| {
                std::future::ready(other_method(&request, &allow))
            }))
        };
        self.spellings.into_iter().map(finish).collect()
    }

    /// A resource whose answers are compressed.
    fn compressed(self) -> impl HttpServiceFactory + 'static {
        let wrap = |one: Resource| one.wrap(Compress::default());
        self.finish().into_iter().map(wrap).collect::<Vec<_>>()
    }

    /// A resource that scripts of any origin may call.
    pub fn open(mut self) -> impl HttpServiceFactory + 'static {
        self.allow.push("OPTIONS");
        let preflight = || web::method(actix_web::http::Method::OPTIONS).to(headers::preflight);
        let wrap = |one: Resource| one.wrap(headers::any_origin());
        self.route(preflight).finish().into_iter().map(wrap).collect::<Vec<_>>()
    }
}

fn other_method(request: &HttpRequest, allow: &str) -> HttpResponse {
    let detail = format!(
        "{} is not a method of this address, which takes {allow}",
        request.method()
    );
    let mut response = Problem::new(Kind::MethodNotAllowed).detail(detail).error_response();
    if let Ok(allow) = header::HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// A person who looks for a page is shown one; whoever else asks is told in JSON.
async fn nothing_here(request: HttpRequest) -> HttpResponse {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return pages::failure(StatusCode::NOT_FOUND, "not-found", "There is no such page.");
    }
    Problem::new(Kind::NotFound).error_response()
}
