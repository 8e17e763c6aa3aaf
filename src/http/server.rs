//! The listening side: workers, time-outs, and the table of routes.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::Data;
use actix_web::{App as Site, HttpServer};

use super::app::App;
use super::oauth::discovery::Document;
use super::{dev, entitlement, headers, linking, members, observe, routes, unread};
use crate::config::{Job, Mode};

/// Builds the server on a socket that is bound already. It takes no signals: whoever runs it stops it.
///
/// # Errors
/// What the system says about the socket.
pub fn build(app: Data<App>, listener: TcpListener) -> io::Result<Server> {
    let config = app.config.clone();
    let http = config.http;
    let is_dev = config.mode == Mode::Dev;
    let [identity, entitlements] = [Job::Identity, Job::Entitlements].map(|job| config.define.does(job));
    let document = Data::new(Document::new(&config.define).map_err(io::Error::other)?);
    let workers = match config.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let server = HttpServer::new(move || {
        Site::new()
            .app_data(app.clone())
            .app_data(document.clone())
            .wrap(Condition::new(is_dev, from_fn(dev::check_host)))
            .wrap(headers::everywhere(&app.config.define.issuer))
            .wrap(from_fn(observe::request))
            .wrap(from_fn(unread::close))
            .configure(|site| {
                // A path is compared with those of all routes in turn: the few and cheap come before the many.
                if entitlements {
                    entitlement::route::routes(site);
                    entitlement::onion::routes(site);
                }
                if identity {
                    routes::busy_routes(site);
                    routes::routes(site);
                }
                if identity && entitlements {
                    linking::routes(site);
                }
                if app.config.define.does(Job::Members) {
                    members::routes(site);
                }
                if identity && is_dev {
                    routes::dev_routes(site);
                }
                routes::operator_routes(site);
            })
    });
    Ok(server
        .workers(workers)
        .max_connections(http.max_connections.div_ceil(workers))
        .client_request_timeout(http.header_timeout)
        .keep_alive(http.keep_alive)
        .shutdown_timeout(http.drain_timeout.as_secs())
        .disable_signals()
        .listen(listener)?
        .run())
}
