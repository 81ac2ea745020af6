//! What a route is: the entry of the table, and the types its handler takes and gives.
//!
//! The types of the handler are the types of the documentation: a route is made from the handler,
//! so that neither can say what the other does not do.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use headworks_access::Caller;
use headworks_core::Rights;
use headworks_core::model::ObjectId;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::audit::Note;
use crate::guard;
use crate::parse;
use crate::problem::{ApiError, Code, etag};

/// What a route needs of its caller: written in the table, checked by [`crate::guard`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Permission {
    /// Nothing: one of the few routes that anybody may ask. A test holds the list of them.
    Open,
    /// To be signed in, in whatever role: what concerns the caller's own account.
    SignedIn,
    /// See values, history and configuration.
    View,
    /// Write to tags and make devices be asked.
    Operate,
    /// Change connections, devices, tags and dashboards.
    Configure,
    /// Manage people and tokens, read the audit journal and logs, back up.
    Administer,
}

impl Permission {
    /// Returns the name in the documentation.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Permission::Open => "open",
            Permission::SignedIn => "signed_in",
            Permission::View => "view",
            Permission::Operate => "operate",
            Permission::Configure => "configure",
            Permission::Administer => "administer",
        }
    }

    /// Returns what the role of the caller must allow; none when no role is asked for.
    pub(crate) const fn of_role(self) -> Option<headworks_core::Permission> {
        match self {
            Permission::Open | Permission::SignedIn => None,
            Permission::View => Some(headworks_core::Permission::View),
            Permission::Operate => Some(headworks_core::Permission::Operate),
            Permission::Configure => Some(headworks_core::Permission::Configure),
            Permission::Administer => Some(headworks_core::Permission::Administer),
        }
    }
}

/// One entry of the table of routes.
pub(crate) struct Route {
    /// Name of the operation, unique, for generated clients.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path with parameters in braces, without a slash at the end.
    pub path: &'static str,
    /// What the caller must be allowed to do.
    pub permission: Permission,
    /// Chapter of the documentation.
    pub tag: &'static str,
    /// What it does, one sentence.
    pub summary: &'static str,
    /// The types of the handler.
    pub shape: Shape,
    /// Parses, handles and renders.
    pub handler: Handler,
    /// Whether the answer may take as long as the body: files and streams.
    pub is_long: bool,
    /// Whether the audit journal tells of it although it changes nothing: data leaves the hub.
    pub is_noted: bool,
    /// Whether callers may ask who see a part of the tags only: its handler leaves out the others.
    pub is_narrow: bool,
    /// Statuses, no success, with which it answers people by a page.
    pub pages: &'static [u16],
}

/// The types of a handler, as schemas.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Query parameters: the schema of a flat object.
    pub query: SchemaOf,
    /// Body of the request: media type and schema.
    pub body: Option<(&'static str, SchemaOf)>,
    /// Status of success.
    pub status: StatusCode,
    /// Body of a success: media type and schema.
    pub answer: Option<(&'static str, SchemaOf)>,
}

/// Writes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Longest body that is read on the threads of the sockets; longer ones take milliseconds.
const INLINE_BYTES_MAX: usize = 256 << 10;

/// A boxed future of an answer.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;

/// The erased handler of a route.
pub(crate) type Handler = Arc<dyn Fn(Arc<App>, Parts, Body) -> Answering + Send + Sync>;

/// A request as its handler sees it: parsed.
pub(crate) struct Call<Q = NoQuery, B = NoBody> {
    /// The server.
    pub app: Arc<App>,
    /// Method, path, headers and extensions.
    pub parts: Parts,
    /// Query parameters.
    pub query: Q,
    /// Body.
    pub body: B,
    /// What the audit journal will say of it.
    pub note: Note,
    params: Params,
}

/// Parameters of a path: name and value.
type Params = Vec<(String, String)>;

/// No query parameters.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// No body; what a client sends is ignored.
pub(crate) struct NoBody;

/// A JSON body, of a request or of an answer.
pub(crate) struct Json<T>(pub T);

/// JSON that the handler has written itself, in the shape of `T`.
pub(crate) struct Written<T>(pub Vec<u8>, pub PhantomData<T>);

/// JSON that a client keeps and asks for again by its entity tag; no bytes when it has them.
pub(crate) struct Tagged<T>(pub HeaderValue, pub Option<Vec<u8>>, pub PhantomData<T>);

/// An object with its revision as entity tag.
pub(crate) struct Revised<T>(pub u64, pub T);

/// A new object: where it is, its revision, and itself.
pub(crate) struct Created<T>(pub String, pub Option<u64>, pub T);

/// Long work that has begun: where its job is, and the job.
pub(crate) struct Accepted<T>(pub String, pub T);

/// Done, and nothing to say.
pub(crate) struct NoContent;

/// An answer that sets cookies.
pub(crate) struct WithCookies<A>(pub Vec<HeaderValue>, pub A);

/// A body that the handler reads itself, as it comes.
pub(crate) struct Upload(pub Body);

/// A file, or part of one.
pub(crate) struct Download(pub Response);

/// A page for people.
pub(crate) struct Page(pub Response);

/// A stream of server-sent events.
pub(crate) struct Events(pub Response);

/// A connection that becomes a WebSocket.
pub(crate) struct Upgrade(pub Response);

/// What a handler can take as body.
pub(crate) trait RequestBody: Sized + Send + 'static {
    /// Media type and schema of the body, if there is one.
    const SHAPE: Option<(&'static str, SchemaOf)>;

    /// Reads the body, or takes it over as a stream.
    fn take(
        app: &App,
        headers: &HeaderMap,
        body: Body,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;
}

/// What a handler can answer with.
pub(crate) trait Answer {
    /// Status of success.
    const STATUS: StatusCode;
    /// Media type and schema of the body, if there is one.
    const BODY: Option<(&'static str, SchemaOf)>;

    /// Renders the answer.
    fn into_response(self) -> Result<Response, ApiError>;
}

impl Route {
    /// Returns the entry of a handler.
    pub(crate) fn new<Q, B, A, F, H>(
        name: &'static str,
        method: Method,
        path: &'static str,
        permission: Permission,
        handle: H,
    ) -> Route
    where
        Q: DeserializeOwned + JsonSchema + Send,
        B: RequestBody,
        A: Answer,
        F: Future<Output = Result<A, ApiError>> + Send + 'static,
        H: Fn(Call<Q, B>) -> F + Copy + Send + Sync + 'static,
    {
        let shape = Shape {
            query: |schemas| Q::json_schema(schemas),
            body: B::SHAPE,
            status: A::STATUS,
            answer: A::BODY,
        };
        let handler: Handler = Arc::new(move |app, parts, body| {
            Box::pin(async move {
                let call = Call::parse(app, parts, body).await?;
                handle(call).await?.into_response()
            })
        });
        Route {
            name,
            method,
            path,
            permission,
            tag: "",
            summary: "",
            shape,
            handler,
            is_long: false,
            is_noted: false,
            is_narrow: false,
            pages: &[],
        }
    }

    /// Returns the entry of a handler that reads or writes a stream, which may take its time.
    pub(crate) fn long(self) -> Route {
        Route {
            is_long: true,
            ..self
        }
    }

    /// Returns the entry of a handler that hands out more than a screen needs.
    pub(crate) fn noted(self) -> Route {
        Route {
            is_noted: true,
            ..self
        }
    }

    /// Returns the entry of a handler that shows callers no tags but those they may see.
    pub(crate) fn narrow(self) -> Route {
        Route {
            is_narrow: true,
            ..self
        }
    }

    /// Returns the entry of a handler whose pages also come with these statuses, no success.
    pub(crate) fn pages(self, statuses: &'static [u16]) -> Route {
        Route {
            pages: statuses,
            ..self
        }
    }

    /// Returns the entry with its chapter and summary.
    pub(crate) fn about(self, tag: &'static str, summary: &'static str) -> Route {
        Route {
            tag,
            summary,
            ..self
        }
    }
}

impl<Q: DeserializeOwned, B: RequestBody> Call<Q, B> {
    async fn parse(app: Arc<App>, mut parts: Parts, body: Body) -> Result<Call<Q, B>, ApiError> {
        let (params, query) = match Self::parse_place(&mut parts).await {
            Ok(place) => place,
            Err(error) => {
                // Otherwise the connection would end under the client's next request.
                parse::drain(body).await;
                return Err(error);
            }
        };
        let body = B::take(&app, &parts.headers, body).await?;
        let note = parts.extensions.get::<Note>().cloned().unwrap_or_default();
        Ok(Call {
            app,
            note,
            parts,
            query,
            body,
            params,
        })
    }
}

impl<Q, B> Call<Q, B> {
    /// Reads the parameters of the path and of the query.
    async fn parse_place(parts: &mut Parts) -> Result<(Params, Q), ApiError>
    where
        Q: DeserializeOwned,
    {
        let params = path_params(parts).await?;
        let query = parse::query(parts.uri.query().unwrap_or_default())?;
        Ok((params, query))
    }

    /// Returns a parameter of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Returns who asks.
    ///
    /// # Errors
    ///
    /// On an open route, when nobody does.
    pub(crate) fn caller(&self) -> Result<&Caller, ApiError> {
        self.parts
            .extensions
            .get::<Caller>()
            .ok_or_else(guard::not_signed_in)
    }

    /// Returns the name under which changes are kept.
    pub(crate) fn author(&self) -> Result<Arc<str>, ApiError> {
        Ok(self.caller()?.name.clone())
    }

    /// Returns what the caller may do.
    pub(crate) fn rights(&self) -> Result<Rights, ApiError> {
        Ok(self.caller()?.rights.clone())
    }

    /// Returns the id in the path.
    pub(crate) fn id(&self) -> Result<ObjectId, ApiError> {
        self.param("id")
            .parse()
            .map_err(|error: headworks_core::model::FieldError| {
                ApiError::new(Code::NotFound, error.reason)
            })
    }
}

async fn path_params(parts: &mut Parts) -> Result<Params, ApiError> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.map_err(|_| {
        let detail = "the path is not UTF-8 after decoding its percent signs";
        ApiError::new(Code::UnknownPath, detail)
    })?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(params.iter().map(owned).collect())
}

impl RequestBody for NoBody {
    const SHAPE: Option<(&'static str, SchemaOf)> = None;

    async fn take(_: &App, _: &HeaderMap, body: Body) -> Result<NoBody, ApiError> {
        parse::drain(body).await;
        Ok(NoBody)
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> RequestBody for Json<T> {
    const SHAPE: Option<(&'static str, SchemaOf)> =
        Some((JSON, SchemaGenerator::subschema_for::<T>));

    async fn take(app: &App, headers: &HeaderMap, body: Body) -> Result<Json<T>, ApiError> {
        read_json(app, headers, body, |bytes| parse::json(bytes).map(Json)).await
    }
}

/// Reads a JSON body whole; a long one is parsed off the threads of the sockets.
pub(crate) async fn read_json<T: Send + 'static>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    read: fn(&Bytes) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let bytes = parse::read_body(body).await?;
    parse::check_content_type(headers)?;
    if bytes.len() <= INLINE_BYTES_MAX {
        return read(&bytes);
    }
    app.blocking(move || read(&bytes)).await
}

impl RequestBody for Upload {
    const SHAPE: Option<(&'static str, SchemaOf)> = Some((BYTES, bytes_schema));

    async fn take(_: &App, _: &HeaderMap, body: Body) -> Result<Upload, ApiError> {
        Ok(Upload(body))
    }
}

fn bytes_schema(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "string", "format": "binary" })
}

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";
/// Media types of files: the file says which.
const ANY: &str = "*/*";

impl<T: Serialize + JsonSchema> Answer for Json<T> {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> =
        Some((JSON, SchemaGenerator::subschema_for::<T>));

    fn into_response(self) -> Result<Response, ApiError> {
        let bytes = serde_json::to_vec(&self.0).map_err(|error| ApiError::internal(&error))?;
        Ok(json_response(bytes))
    }
}

impl<T: JsonSchema> Answer for Written<T> {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> =
        Some((JSON, SchemaGenerator::subschema_for::<T>));

    fn into_response(self) -> Result<Response, ApiError> {
        Ok(json_response(self.0))
    }
}

impl<T: JsonSchema> Answer for Tagged<T> {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> = Written::<T>::BODY;

    fn into_response(self) -> Result<Response, ApiError> {
        let mut response = self.1.map_or_else(
            || {
                let mut known = Response::new(Body::empty());
                *known.status_mut() = StatusCode::NOT_MODIFIED;
                known
            },
            json_response,
        );
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.0);
        let ask_again = HeaderValue::from_static("private, no-cache");
        headers.insert(header::CACHE_CONTROL, ask_again);
        Ok(response)
    }
}

impl<T: Serialize + JsonSchema> Answer for Revised<T> {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> = Json::<T>::BODY;

    fn into_response(self) -> Result<Response, ApiError> {
        let mut response = Json(self.1).into_response()?;
        response.headers_mut().insert(header::ETAG, etag(self.0));
        Ok(response)
    }
}

impl<T: Serialize + JsonSchema> Answer for Created<T> {
    const STATUS: StatusCode = StatusCode::CREATED;
    const BODY: Option<(&'static str, SchemaOf)> = Json::<T>::BODY;

    fn into_response(self) -> Result<Response, ApiError> {
        let mut response = Json(self.2).into_response()?;
        *response.status_mut() = StatusCode::CREATED;
        let headers = response.headers_mut();
        if let Ok(place) = HeaderValue::from_str(&self.0) {
            headers.insert(header::LOCATION, place);
        }
        if let Some(revision) = self.1 {
            headers.insert(header::ETAG, etag(revision));
        }
        Ok(response)
    }
}

impl<T: Serialize + JsonSchema> Answer for Accepted<T> {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
    const BODY: Option<(&'static str, SchemaOf)> = Json::<T>::BODY;

    fn into_response(self) -> Result<Response, ApiError> {
        let mut response = Json(self.1).into_response()?;
        *response.status_mut() = StatusCode::ACCEPTED;
        if let Ok(place) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        Ok(response)
    }
}

impl Answer for NoContent {
    const STATUS: StatusCode = StatusCode::NO_CONTENT;
    const BODY: Option<(&'static str, SchemaOf)> = None;

    fn into_response(self) -> Result<Response, ApiError> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

impl<A: Answer> Answer for WithCookies<A> {
    const STATUS: StatusCode = A::STATUS;
    const BODY: Option<(&'static str, SchemaOf)> = A::BODY;

    fn into_response(self) -> Result<Response, ApiError> {
        let mut response = self.1.into_response()?;
        for cookie in self.0 {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

impl Answer for Events {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> = Some((
        "text/event-stream",
        SchemaGenerator::subschema_for::<String>,
    ));

    fn into_response(self) -> Result<Response, ApiError> {
        Ok(self.0)
    }
}

impl Answer for Download {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> = Some((ANY, bytes_schema));

    fn into_response(self) -> Result<Response, ApiError> {
        Ok(self.0)
    }
}

impl Answer for Page {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> =
        Some(("text/html", SchemaGenerator::subschema_for::<String>));

    fn into_response(self) -> Result<Response, ApiError> {
        Ok(self.0)
    }
}

impl Answer for Upgrade {
    const STATUS: StatusCode = StatusCode::SWITCHING_PROTOCOLS;
    const BODY: Option<(&'static str, SchemaOf)> = None;

    fn into_response(self) -> Result<Response, ApiError> {
        Ok(self.0)
    }
}

fn json_response(bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let media_type = HeaderValue::from_static(JSON);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}
