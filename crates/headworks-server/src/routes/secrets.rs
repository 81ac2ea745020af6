//! Routes of the chapter `secrets`.

use super::{DELETE, GET, PUT};
use crate::api::secrets;
use crate::route::Permission::Administer;
use crate::route::Route;

const CHAPTER: &str = "secrets";
const SECRET: &str = "/api/v1/secrets/{name}";

pub(super) fn secret_routes() -> Vec<Route> {
    vec![
        Route::new(
            "list_secrets",
            GET,
            "/api/v1/secrets",
            Administer,
            secrets::list,
        )
        .about(CHAPTER, "Lists secrets in order of name, without values."),
        Route::new("set_secret", PUT, SECRET, Administer, secrets::set)
            .about(CHAPTER, "Stores a secret, in the place of what was there."),
        Route::new("delete_secret", DELETE, SECRET, Administer, secrets::remove)
            .about(CHAPTER, "Deletes a secret."),
    ]
}
