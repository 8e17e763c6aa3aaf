//! The web app's own API: profiles, the members' directory, admission and administration. The job `members`.

pub mod own;

mod shape;

use actix_web::web::ServiceConfig;

use super::routes::at;

/// Its routes. Scripts of any origin may call them: what they need is an access token.
pub fn routes(config: &mut ServiceConfig) {
    config.service(at("/res/profile/").get(own::profile).open());
}
