//! Accounts, sessions, tokens.

use axum::http::Method;

use super::{DELETE, GET, POST, PUT};
use crate::api::{account, preferences, users};
use crate::route::Permission::{Administer, Open, SignedIn};
use crate::route::Route;

const PATCH: Method = Method::PATCH;

const SESSION: &str = "/api/v1/session";
const SESSIONS: &str = "/api/v1/sessions";
const TOTP: &str = "/api/v1/session/totp";
const PREFERENCES: &str = "/api/v1/me/preferences";
const PREFERENCE: &str = "/api/v1/me/preferences/{key}";
const SETUP: &str = "/api/v1/setup";
const USERS: &str = "/api/v1/users";
const USER: &str = "/api/v1/users/{id}";
const USER_SESSIONS: &str = "/api/v1/users/{id}/sessions";
const TOKENS: &str = "/api/v1/tokens";

pub(super) fn people_routes() -> Vec<Route> {
    let mut routes = sign_in_routes();
    routes.extend(session_routes());
    routes.extend(preference_routes());
    routes.extend(user_routes());
    routes.extend(token_routes());
    routes
}

fn sign_in_routes() -> Vec<Route> {
    let chapter = "session";
    vec![
        Route::new("get_setup", GET, SETUP, Open, account::setup_state).about(
            chapter,
            "Answers whether the first owner is still to be made.",
        ),
        Route::new("set_up", POST, SETUP, Open, account::set_up)
            .about(chapter, "Makes the first owner for the one-time token."),
        Route::new("sign_in", POST, SESSION, Open, account::sign_in).about(chapter, "Signs in."),
        Route::new(
            "refresh_session",
            POST,
            "/api/v1/session/refresh",
            Open,
            account::refresh,
        )
        .about(
            chapter,
            "Gives the next tokens for the refresh token in the cookie.",
        ),
        Route::new(
            "open_kiosk",
            POST,
            "/api/v1/session/kiosk",
            Open,
            account::open_kiosk,
        )
        .about(chapter, "Turns the token of a wall screen into a cookie."),
    ]
}

fn preference_routes() -> Vec<Route> {
    let chapter = "session";
    vec![
        Route::new(
            "list_preferences",
            GET,
            PREFERENCES,
            SignedIn,
            preferences::list,
        )
        .narrow()
        .about(chapter, "Lists what the caller keeps, in order of key."),
        Route::new(
            "get_preference",
            GET,
            PREFERENCE,
            SignedIn,
            preferences::get,
        )
        .narrow()
        .about(chapter, "Answers with what the caller keeps under a key."),
        Route::new(
            "set_preference",
            PUT,
            PREFERENCE,
            SignedIn,
            preferences::set,
        )
        .narrow()
        .about(chapter, "Keeps any JSON for the caller, under a key."),
        Route::new(
            "delete_preference",
            DELETE,
            PREFERENCE,
            SignedIn,
            preferences::remove,
        )
        .narrow()
        .about(chapter, "Forgets what the caller keeps under a key."),
    ]
}

fn session_routes() -> Vec<Route> {
    let chapter = "session";
    vec![
        Route::new("get_session", GET, SESSION, SignedIn, account::who)
            .narrow()
            .about(chapter, "Answers who asks and what they may do."),
        Route::new("sign_out", DELETE, SESSION, SignedIn, account::sign_out)
            .narrow()
            .about(chapter, "Signs out."),
        Route::new(
            "change_password",
            PUT,
            "/api/v1/session/password",
            SignedIn,
            account::change_password,
        )
        .about(chapter, "Gives the caller a new password."),
        Route::new("offer_totp", POST, TOTP, SignedIn, account::offer_totp)
            .about(chapter, "Offers a secret for an authenticator app."),
        Route::new("add_totp", PUT, TOTP, SignedIn, account::add_totp)
            .about(chapter, "Has the caller sign in with one-time passwords."),
        Route::new(
            "remove_totp",
            POST,
            "/api/v1/session/totp/disable",
            SignedIn,
            account::remove_totp,
        )
        .about(
            chapter,
            "Has the caller sign in without one-time passwords.",
        ),
        Route::new("list_sessions", GET, SESSIONS, SignedIn, account::sessions)
            .about(chapter, "Lists the sessions of the caller."),
        Route::new(
            "end_other_sessions",
            DELETE,
            SESSIONS,
            SignedIn,
            account::end_other_sessions,
        )
        .about(chapter, "Ends all sessions of the caller but this one."),
        Route::new(
            "end_session",
            DELETE,
            "/api/v1/sessions/{id}",
            SignedIn,
            account::end_session,
        )
        .about(chapter, "Ends one session of the caller."),
    ]
}

fn user_routes() -> Vec<Route> {
    let chapter = "users";
    vec![
        Route::new("list_users", GET, USERS, Administer, users::list)
            .about(chapter, "Lists accounts in order of name."),
        Route::new("create_user", POST, USERS, Administer, users::create)
            .about(chapter, "Makes an account."),
        Route::new("get_user", GET, USER, Administer, users::get)
            .about(chapter, "Answers with an account."),
        Route::new("change_user", PATCH, USER, Administer, users::change)
            .about(chapter, "Changes an account; what is absent stays."),
        Route::new("delete_user", DELETE, USER, Administer, users::remove)
            .about(chapter, "Removes an account with its sessions and tokens."),
        Route::new(
            "reset_password",
            PUT,
            "/api/v1/users/{id}/password",
            Administer,
            users::reset_password,
        )
        .about(
            chapter,
            "Gives an account a new password and ends its sessions.",
        ),
        Route::new(
            "reset_totp",
            DELETE,
            "/api/v1/users/{id}/totp",
            Administer,
            users::remove_totp,
        )
        .about(
            chapter,
            "Has an account sign in without one-time passwords.",
        ),
        Route::new(
            "list_user_sessions",
            GET,
            USER_SESSIONS,
            Administer,
            users::sessions,
        )
        .about(chapter, "Lists the sessions of an account."),
        Route::new(
            "end_user_sessions",
            DELETE,
            USER_SESSIONS,
            Administer,
            users::end_sessions,
        )
        .about(chapter, "Ends all sessions of an account."),
    ]
}

fn token_routes() -> Vec<Route> {
    let chapter = "tokens";
    vec![
        Route::new("list_tokens", GET, TOKENS, SignedIn, users::list_tokens).about(
            chapter,
            "Lists the caller's tokens, or those of all accounts.",
        ),
        Route::new("create_token", POST, TOKENS, SignedIn, users::create_token)
            .about(chapter, "Makes a token that acts in the caller's name."),
        Route::new(
            "delete_token",
            DELETE,
            "/api/v1/tokens/{id}",
            SignedIn,
            users::remove_token,
        )
        .about(chapter, "Ends a token at once."),
    ]
}
