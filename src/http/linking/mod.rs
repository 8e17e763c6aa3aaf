//! Where accounts and entitlements meet: of a server that has both jobs.
//!
//! - `own`: the signed-in person's master key and what it is entitled to
//! - `grants`: what administrators give by hand, to an account or to a key

mod grants;
mod own;

use actix_web::web::ServiceConfig;

use super::routes::at;

/// Its routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/account/entitlements/").get(own::standing).finish())
        .service(at("/account/entitlements/challenge/").post(own::challenge).finish())
        .service(at("/account/entitlements/link/").post(own::link).finish())
        .service(at("/account/entitlements/unlink/").post(own::unlink).finish())
        .service(at("/admin/entitlements/grants/").get(grants::list).open())
        .service(at("/admin/entitlements/grant/").post(grants::grant).open())
        .service(at("/admin/entitlements/revoke/").post(grants::revoke).open());
}
