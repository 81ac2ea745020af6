//! The caller's own account: set-up, signing in and out, sessions, password, authenticator.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Instant;

use axum::http::{HeaderValue, header};
use headworks_access::{
    AccessError, Caller, Client as SignInClient, NewUser, Opened, Session, SignInError, TotpSecret,
    User, Via,
};
use headworks_core::{Permission, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::errors::from_access;
use crate::app::App;
use crate::cookies;
use crate::edge::Client;
use crate::limits::Attempt;
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json, NoContent, NoQuery, WithCookies};
use crate::text::{Secret, Text};

/// Most characters of a password that is compared: longer ones than new ones may be, because other
/// systems made some of the hashes.
const PROOF_MAX: usize = 1024;

/// Whether the first owner is still to be made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SetupState {
    /// Whether the one-time token of the console makes the first owner now.
    needed: bool,
}

/// The first owner.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetupBody {
    /// The one-time token that the console and the file `setup-token` show.
    token: Secret<64>,
    /// The name to sign in with: 1 to 64 letters, digits and `. _ - @`.
    #[schemars(length(min = 1))]
    name: Text<64>,
    /// Name of the person.
    #[serde(default)]
    full_name: Option<Text<120>>,
    /// 8 to 128 characters.
    #[schemars(length(min = 8))]
    password: Secret<128>,
}

/// Who wants to sign in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    /// The name of the account, in whatever case.
    name: Text<64>,
    /// The password.
    password: Secret<PROOF_MAX>,
    /// The one-time password, where the account has an authenticator.
    #[serde(default)]
    code: Option<Text<16>>,
}

/// A session that was opened or refreshed; browsers have it in cookies too.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SignedIn {
    /// Recognises the session in the header `authorization: Bearer`.
    access_token: String,
    /// Until when, microseconds since 1970-01-01 UTC.
    access_until_us: i64,
    /// Who is signed in.
    me: Me,
}

/// Who asks, and what they may do.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Me {
    /// The account.
    id: Uuid,
    /// Name of the account.
    name: String,
    /// Name of the person.
    full_name: String,
    /// What they may do.
    role: Role,
    /// The same, permission by permission: `view`, `operate`, `configure`, `administer`, `own`.
    permissions: Vec<&'static str>,
    /// Tags that may be written; null for all that the role may write.
    write: Option<Scope>,
    /// Whether only a part of the tags is seen.
    is_narrowed: bool,
    /// By what they are recognised: `session`, `token`.
    via: &'static str,
    /// The session; null for a token.
    session: Option<Uuid>,
    /// Whether nothing but a new password is allowed.
    must_change_password: bool,
    /// Whether the account has an authenticator.
    has_totp: bool,
}

/// A new password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The present password.
    current: Secret<PROOF_MAX>,
    /// The new one, 8 to 128 characters.
    #[schemars(length(min = 8))]
    password: Secret<128>,
}

/// A secret for an authenticator app, which counts once a code of it is sent back.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TotpOffer {
    /// The secret as people type it.
    secret: String,
    /// The same as apps read it from a QR code.
    url: String,
}

/// Proof that the app has the secret.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpBody {
    /// The present password.
    password: Secret<PROOF_MAX>,
    /// The secret that was offered.
    secret: Secret<64>,
    /// The code that the app shows.
    code: Text<16>,
}

/// The present password, for what a stolen session must not do.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofBody {
    /// The present password.
    password: Secret<PROOF_MAX>,
}

/// The token of a wall screen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KioskBody {
    /// The token.
    token: Secret<128>,
}

/// Sessions of an account.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Sessions {
    /// The oldest first.
    pub items: Vec<Session>,
}

/// Answers whether the first owner is still to be made.
pub(crate) async fn setup_state(call: Call) -> Result<Json<SetupState>, ApiError> {
    let needed = call.app.access.needs_setup();
    Ok(Json(SetupState { needed }))
}

/// Makes the first owner and signs them in.
pub(crate) async fn set_up(
    call: Call<NoQuery, Json<SetupBody>>,
) -> Result<WithCookies<Json<SignedIn>>, ApiError> {
    let (asker, note) = (Asker::of(&call), call.note.clone());
    let body = call.body.0;
    asker.check_pace(&call.app, "")?;
    let (client, now_us) = (asker.client(), asker.now_us);
    let owner = NewUser {
        name: body.name.into_string(),
        full_name: body.full_name.map_or_else(String::new, Text::into_string),
        role: Role::Owner,
        write: None,
        password: Some(body.password.into_string()),
        password_hash: None,
        must_change_password: false,
    };
    let token = body.token.into_string();
    let opened = call.app.with_access(move |access| {
        let user = access.set_up(&token, &owner, now_us)?;
        access.open_session(user.id, &client, now_us)
    });
    let opened = opened.await?.map_err(from_access);
    asker.note_pace(&call.app, "", opened.is_ok());
    let opened = opened?;
    note.actor(&opened.caller);
    note.target("user", &opened.caller.name);
    Ok(signed_in(&call.app, &asker, opened))
}

/// Signs somebody in.
pub(crate) async fn sign_in(
    call: Call<NoQuery, Json<SignInBody>>,
) -> Result<WithCookies<Json<SignedIn>>, ApiError> {
    let asker = Asker::of(&call);
    let body = call.body.0;
    let note = call.note.clone();
    note.claimed(&body.name);
    asker.check_pace(&call.app, &body.name)?;
    let (client, now_us, name) = (asker.client(), asker.now_us, body.name.clone());
    let password = body.password.into_string();
    let opened = call.app.with_access(move |access| {
        let code = body.code.as_deref();
        access.sign_in(&body.name, &password, code, &client, now_us)
    });
    let opened = opened.await?.map_err(from_sign_in);
    note.target("user", &name);
    if let Ok(opened) = &opened {
        note.actor(&opened.caller);
    }
    let needs_code = |error: &ApiError| error.code() == Code::OneTimeCodeNeeded;
    if !opened.as_ref().is_err_and(needs_code) {
        asker.note_pace(&call.app, &name, opened.is_ok());
    }
    Ok(signed_in(&call.app, &asker, opened?))
}

/// Gives the next tokens for the refresh token in the cookie.
pub(crate) async fn refresh(call: Call) -> Result<WithCookies<Json<SignedIn>>, ApiError> {
    let asker = Asker::of(&call);
    let token = cookies::refresh(&call.parts.headers, call.app.address.port());
    let token = token.map(str::to_owned);
    let token = token.ok_or_else(crate::guard::not_signed_in)?;
    let (client, now_us) = (asker.client(), asker.now_us);
    let opened = call
        .app
        .with_access(move |access| access.refresh(&token, &client, now_us));
    let opened = opened.await?;
    match &opened {
        Err(AccessError::Reused) => call.note.detail("a refresh token came twice"),
        Ok(_) | Err(_) => call.note.trifle(),
    }
    Ok(signed_in(&call.app, &asker, opened.map_err(from_access)?))
}

/// Turns the token of a wall screen into a cookie.
pub(crate) async fn open_kiosk(
    call: Call<NoQuery, Json<KioskBody>>,
) -> Result<WithCookies<Json<Me>>, ApiError> {
    let asker = Asker::of(&call);
    let (token, now_us) = (call.body.0.token.into_string(), asker.now_us);
    asker.check_pace(&call.app, "")?;
    let caller = call.app.access.check(&token, now_us);
    let caller = caller.filter(|caller| {
        let is_token = matches!(caller.via, Via::Token { .. });
        is_token && caller.rights.role() == Role::Viewer
    });
    asker.note_pace(&call.app, "", caller.is_some());
    let caller = caller.ok_or_else(|| {
        let detail = "this is no token of a wall screen, or no longer";
        ApiError::new(Code::SignInFailed, detail)
    })?;
    const YEAR_S: i64 = 365 * 86_400;
    let cookies = cookies::of_kiosk(&token, asker.port, asker.is_secure, YEAR_S);
    Ok(WithCookies(cookies, Json(me(&call.app, &caller)?)))
}

/// Answers who asks.
pub(crate) async fn who(call: Call) -> Result<Json<Me>, ApiError> {
    Ok(Json(me(&call.app, call.caller()?)?))
}

/// Signs out: ends the session of the caller, or forgets the token of a wall screen.
pub(crate) async fn sign_out(call: Call) -> Result<WithCookies<NoContent>, ApiError> {
    let asker = Asker::of(&call);
    let caller = call.caller()?.clone();
    if let Via::Session(session) = caller.via {
        let closed = call
            .app
            .with_access(move |access| access.close_session(caller.user, session));
        closed.await?.map_err(from_access)?;
    }
    Ok(WithCookies(
        cookies::none(asker.port, asker.is_secure),
        NoContent,
    ))
}

/// Lists the sessions of the caller.
pub(crate) async fn sessions(call: Call) -> Result<Json<Sessions>, ApiError> {
    let now_us = call.app.hub.clock().now_us();
    let items = call.app.access.sessions(call.caller()?.user, now_us);
    Ok(Json(Sessions { items }))
}

/// Ends one session of the caller.
pub(crate) async fn end_session(call: Call) -> Result<NoContent, ApiError> {
    let (user, id) = (call.caller()?.user, param::<Uuid, _, _>(&call, "id")?);
    let closed = call
        .app
        .with_access(move |access| access.close_session(user, id));
    closed.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Ends all sessions of the caller but this one.
pub(crate) async fn end_other_sessions(call: Call) -> Result<NoContent, ApiError> {
    let (user, kept) = (call.caller()?.user, own_session(call.caller()?).ok());
    let closed = call
        .app
        .with_access(move |access| access.close_sessions(user, kept));
    closed.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Gives the caller a new password and ends their other sessions.
pub(crate) async fn change_password(
    call: Call<NoQuery, Json<PasswordBody>>,
) -> Result<NoContent, ApiError> {
    let caller = call.caller()?.clone();
    let session = own_session(&caller)?;
    prove(&call, &call.body.0.current).await?;
    let password = call.body.0.password.into_string();
    let changed = call.app.with_access(move |access| {
        access.set_password(caller.user, &password, false, Some(session))
    });
    changed.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Offers a secret for an authenticator app.
pub(crate) async fn offer_totp(call: Call) -> Result<Json<TotpOffer>, ApiError> {
    own_session(call.caller()?)?;
    let secret = TotpSecret::new();
    Ok(Json(TotpOffer {
        url: secret.url(&call.caller()?.name),
        secret: secret.to_base32(),
    }))
}

/// Has the caller sign in with one-time passwords from now on.
pub(crate) async fn add_totp(call: Call<NoQuery, Json<TotpBody>>) -> Result<NoContent, ApiError> {
    let caller = call.caller()?.clone();
    own_session(&caller)?;
    prove(&call, &call.body.0.password).await?;
    let now_us = call.app.hub.clock().now_us();
    let body = call.body.0;
    let secret = TotpSecret::from_str(&body.secret.into_string())
        .map_err(|()| ApiError::field("/secret", "is not the one that was offered"))?;
    let added = call
        .app
        .with_access(move |access| access.add_totp(caller.user, &secret, &body.code, now_us));
    added.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Has the caller sign in without one-time passwords again.
pub(crate) async fn remove_totp(
    call: Call<NoQuery, Json<ProofBody>>,
) -> Result<NoContent, ApiError> {
    let caller = call.caller()?.clone();
    own_session(&caller)?;
    prove(&call, &call.body.0.password).await?;
    let removed = call
        .app
        .with_access(move |access| access.remove_totp(caller.user));
    removed.await?.map_err(from_access)?;
    Ok(NoContent)
}

/// Who asks for a session, and when.
struct Asker {
    address: String,
    agent: String,
    is_secure: bool,
    port: u16,
    now_us: i64,
    peer: IpAddr,
}

impl Asker {
    fn of<Q, B>(call: &Call<Q, B>) -> Asker {
        let client = Client::of(&call.parts.extensions);
        let agent = call.parts.headers.get(header::USER_AGENT);
        let agent = agent.map(HeaderValue::as_bytes).unwrap_or_default();
        Asker {
            address: client.address.to_string(),
            agent: String::from_utf8_lossy(agent).into_owned(),
            is_secure: client.is_secure,
            port: call.app.address.port(),
            now_us: call.app.hub.clock().now_us(),
            peer: client.address,
        }
    }

    fn client(&self) -> SignInClient {
        SignInClient {
            address: self.address.clone(),
            agent: self.agent.clone(),
        }
    }

    /// Refuses who failed too often lately.
    fn check_pace(&self, app: &App, name: &str) -> Result<(), ApiError> {
        let pause = app.sign_ins.check(self.attempt(name), Instant::now());
        pause.map_err(ApiError::rate_limited)
    }

    fn note_pace(&self, app: &App, name: &str, is_ok: bool) {
        if is_ok {
            app.sign_ins.succeeded(self.attempt(name));
        } else {
            app.sign_ins.failed(self.attempt(name), Instant::now());
        }
    }

    fn attempt<'a>(&self, name: &'a str) -> Attempt<'a> {
        Attempt {
            name,
            address: self.peer,
        }
    }
}

fn signed_in(app: &App, asker: &Asker, opened: Opened) -> WithCookies<Json<SignedIn>> {
    let cookies = cookies::of_session(&opened, asker.port, asker.is_secure, asker.now_us);
    let user = app.access.user(opened.caller.user);
    let me = me_of(&opened.caller, user.as_ref());
    let body = SignedIn {
        access_token: opened.access_token,
        access_until_us: opened.access_until_us,
        me,
    };
    WithCookies(cookies, Json(body))
}

fn me(app: &App, caller: &Caller) -> Result<Me, ApiError> {
    let user = app.access.user(caller.user);
    let user = user.ok_or_else(crate::guard::not_signed_in)?;
    Ok(me_of(caller, Some(&user)))
}

fn me_of(caller: &Caller, user: Option<&User>) -> Me {
    let permissions = [
        Permission::View,
        Permission::Operate,
        Permission::Configure,
        Permission::Administer,
        Permission::Own,
    ];
    let granted = permissions
        .into_iter()
        .filter(|one| caller.rights.may(*one));
    let (via, session) = match caller.via {
        Via::Session(session) => ("session", Some(session)),
        Via::Token { .. } => ("token", None),
    };
    Me {
        id: caller.user,
        name: caller.name.to_string(),
        full_name: user.map_or_else(String::new, |user| user.full_name.clone()),
        role: caller.rights.role(),
        permissions: granted.map(Permission::name).collect(),
        write: user.and_then(|user| user.write.clone()),
        is_narrowed: caller.rights.is_narrowed(),
        via,
        session,
        must_change_password: caller.must_change_password,
        has_totp: user.is_some_and(|user| user.has_totp),
    }
}

/// Returns the session of the caller; what tokens may not do needs one.
pub(crate) fn own_session(caller: &Caller) -> Result<Uuid, ApiError> {
    match caller.via {
        Via::Session(session) => Ok(session),
        Via::Token { .. } => {
            let detail = "a token cannot do this; sign in with a name and a password";
            Err(ApiError::new(Code::Forbidden, detail))
        }
    }
}

/// Checks the present password of the caller, at the pace of sign-ins.
async fn prove<Q, B>(call: &Call<Q, B>, password: &Secret<PROOF_MAX>) -> Result<(), ApiError> {
    let password = password.clone().into_string();
    let (asker, caller) = (Asker::of(call), call.caller()?.clone());
    asker.check_pace(&call.app, &caller.name)?;
    let user = caller.user;
    let is_right = call
        .app
        .with_access(move |access| access.has_password(user, &password));
    let is_right = is_right.await?;
    asker.note_pace(&call.app, &caller.name, is_right);
    if is_right {
        return Ok(());
    }
    Err(ApiError::new(
        Code::Forbidden,
        "the present password is wrong",
    ))
}

/// Reads a parameter of the path.
pub(crate) fn param<T: FromStr, Q, B>(call: &Call<Q, B>, name: &str) -> Result<T, ApiError> {
    let text = call.param(name);
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        ApiError::new(Code::NotFound, format!("{shown:?} does not exist"))
    })
}

fn from_sign_in(error: SignInError) -> ApiError {
    let text = error.to_string();
    match error {
        SignInError::Wrong | SignInError::WrongCode => ApiError::new(Code::SignInFailed, text),
        SignInError::Sealed => ApiError::new(Code::AccountConflict, text),
        SignInError::CodeNeeded => ApiError::new(Code::OneTimeCodeNeeded, text),
        SignInError::Access(error) => from_access(error),
    }
}
