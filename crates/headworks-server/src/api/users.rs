//! Accounts of others, and tokens of programs and wall screens.
//!
//! Nobody makes or changes what is above them: only owners touch owners.

use headworks_access::{NewToken, NewUser, Token, User, UserChange};
use headworks_core::{Permission, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::{Sessions, own_session, param};
use super::errors::from_access;
use super::page::{LIMIT_MAX, Page, Window};
use crate::problem::{ApiError, Code};
use crate::route::{Call, Created, Json, NoContent, NoQuery};
use crate::text::Secret;

const USERS: &str = "/api/v1/users";
const TOKENS: &str = "/api/v1/tokens";

/// Query parameters of the list of accounts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserQuery {
    /// Only accounts whose name or full name holds this text, upper and lower case as one.
    search: Option<String>,
    /// Only accounts of this role.
    role: Option<Role>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A password that an administrator gives.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetBody {
    /// The new password, 8 to 128 characters.
    #[schemars(length(min = 8))]
    password: Secret<128>,
    /// Whether the person has to choose another one at the next sign-in; true when absent.
    #[serde(default = "yes")]
    must_change_password: bool,
}

fn yes() -> bool {
    true
}

/// Query parameters of the list of tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenQuery {
    /// Whether the tokens of all accounts are listed, which administrators may.
    #[serde(default)]
    all: bool,
}

/// Tokens.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tokens {
    /// The oldest first.
    items: Vec<Token>,
}

/// A token that was made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TokenMade {
    /// The token.
    #[serde(flatten)]
    token: Token,
    /// The secret, shown this once.
    secret: String,
}

/// Lists accounts in order of name.
pub(crate) async fn list(call: Call<UserQuery>) -> Result<Json<Page<User>>, ApiError> {
    let query = call.query;
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let needle = query.search.unwrap_or_default().to_lowercase();
    let mut users = call.app.access.users();
    users.retain(|user| {
        let texts = [&user.name, &user.full_name];
        let is_found = texts
            .iter()
            .any(|text| text.to_lowercase().contains(&needle));
        is_found && query.role.is_none_or(|role| role == user.role)
    });
    let at = |place: usize| users.get(place);
    let key = |user: &&User| user.name.to_lowercase();
    Ok(Json(window.cut(users.len(), at, key, |user| user.clone())))
}

/// Answers with an account.
pub(crate) async fn get(call: Call) -> Result<Json<User>, ApiError> {
    target(&call).map(Json)
}

/// Makes an account.
pub(crate) async fn create(call: Call<NoQuery, Json<NewUser>>) -> Result<Created<User>, ApiError> {
    check_role(&call, call.body.0.role)?;
    let now_us = call.app.hub.clock().now_us();
    let new = call.body.0;
    let made = call
        .app
        .with_access(move |access| access.add_user(&new, now_us));
    let user = made.await?.map_err(from_access)?;
    call.note.target("user", &user.name);
    call.note.after(&user);
    Ok(Created(format!("{USERS}/{}", user.id), None, user))
}

/// Changes an account.
pub(crate) async fn change(call: Call<NoQuery, Json<UserChange>>) -> Result<Json<User>, ApiError> {
    let before = checked_target(&call)?;
    if let Some(role) = call.body.0.role {
        check_role(&call, role)?;
    }
    call.note.before(&before);
    let (id, change) = (before.id, call.body.0);
    let changed = call
        .app
        .with_access(move |access| access.change_user(id, &change));
    let user = changed.await?.map_err(from_access)?;
    call.note.after(&user);
    Ok(Json(user))
}

/// Removes an account with its sessions and tokens.
pub(crate) async fn remove(call: Call) -> Result<NoContent, ApiError> {
    let user = checked_target(&call)?;
    call.note.before(&user);
    let removed = call
        .app
        .with_access(move |access| access.remove_user(user.id));
    removed.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Gives an account a new password and ends its sessions.
pub(crate) async fn reset_password(
    call: Call<NoQuery, Json<ResetBody>>,
) -> Result<NoContent, ApiError> {
    let user = checked_target(&call)?;
    let body = call.body.0;
    let password = body.password.into_string();
    let reset = call.app.with_access(move |access| {
        access.set_password(user.id, &password, body.must_change_password, None)
    });
    reset.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Has an account sign in without one-time passwords, whose owner lost the phone.
pub(crate) async fn remove_totp(call: Call) -> Result<NoContent, ApiError> {
    let user = checked_target(&call)?;
    let removed = call
        .app
        .with_access(move |access| access.remove_totp(user.id));
    removed.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Lists the sessions of an account.
pub(crate) async fn sessions(call: Call) -> Result<Json<Sessions>, ApiError> {
    let now_us = call.app.hub.clock().now_us();
    let items = call.app.access.sessions(target(&call)?.id, now_us);
    Ok(Json(Sessions { items }))
}

/// Ends all sessions of an account.
pub(crate) async fn end_sessions(call: Call) -> Result<NoContent, ApiError> {
    let user = checked_target(&call)?;
    let ended = call
        .app
        .with_access(move |access| access.close_sessions(user.id, None));
    ended.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Lists the caller's tokens, or those of all accounts.
pub(crate) async fn list_tokens(call: Call<TokenQuery>) -> Result<Json<Tokens>, ApiError> {
    let caller = call.caller()?;
    let items = match call.query.all {
        true if caller.rights.may(Permission::Administer) => call.app.access.all_tokens(),
        true => {
            let detail = "only administrators see the tokens of others";
            return Err(ApiError::new(Code::Forbidden, detail));
        }
        false => call.app.access.tokens(caller.user),
    };
    Ok(Json(Tokens { items }))
}

/// Makes a token that acts in the caller's name.
pub(crate) async fn create_token(
    call: Call<NoQuery, Json<NewToken>>,
) -> Result<Created<TokenMade>, ApiError> {
    let caller = call.caller()?;
    own_session(caller)?;
    let (user, now_us, new) = (caller.user, call.app.hub.clock().now_us(), call.body.0);
    let made = call
        .app
        .with_access(move |access| access.add_token(user, &new, now_us));
    let (token, secret) = made.await?.map_err(from_access)?;
    call.note.target("token", &token.name);
    call.note.after(&token);
    let place = format!("{TOKENS}/{}", token.id);
    Ok(Created(place, None, TokenMade { token, secret }))
}

/// Ends a token: one's own, or as an administrator that of another account.
pub(crate) async fn remove_token(call: Call) -> Result<NoContent, ApiError> {
    let (caller, id) = (call.caller()?, param::<Uuid, _, _>(&call, "id")?);
    let all = call.app.access.all_tokens();
    let token = all.into_iter().find(|token| token.id == id);
    let is_allowed =
        |token: &Token| token.user == caller.user || caller.rights.may(Permission::Administer);
    let token = token.filter(is_allowed);
    let token = token.ok_or_else(|| ApiError::not_found("token", id))?;
    call.note.target("token", &token.name);
    call.note.before(&token);
    let removed = call
        .app
        .with_access(move |access| access.remove_token(token.user, token.id));
    removed.await?.map_err(from_access)?;
    Ok(NoContent)
}

fn target<Q, B>(call: &Call<Q, B>) -> Result<User, ApiError> {
    let id = param::<Uuid, _, _>(call, "id")?;
    let user = call.app.access.user(id);
    user.ok_or_else(|| ApiError::not_found("user", id))
}

/// Returns the account in the path, if the caller may change it.
fn checked_target<Q, B>(call: &Call<Q, B>) -> Result<User, ApiError> {
    let user = target(call)?;
    call.note.target("user", &user.name);
    check_role(call, user.role)?;
    Ok(user)
}

/// Refuses to make or change owners to all but owners.
fn check_role<Q, B>(call: &Call<Q, B>, role: Role) -> Result<(), ApiError> {
    if role != Role::Owner || call.caller()?.rights.may(Permission::Own) {
        return Ok(());
    }
    let detail = "only owners make or change owners";
    Err(ApiError::new(Code::Forbidden, detail))
}
