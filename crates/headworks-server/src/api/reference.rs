//! The pages that show the document of the API: Swagger UI, where requests can be tried, and ReDoc.
//!
//! Their scripts are files of the web UI below `/reference/`, so that they work without a network.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::edge::ReferencePage;
use crate::problem::ApiError;
use crate::route::{Call, Page};

const SWAGGER: &str = include_str!("reference/swagger.html");
const REDOC: &str = include_str!("reference/redoc.html");

/// Answers with Swagger UI.
pub(crate) async fn swagger(call: Call) -> Result<Page, ApiError> {
    Ok(page(&call, SWAGGER))
}

/// Answers with ReDoc.
pub(crate) async fn redoc(call: Call) -> Result<Page, ApiError> {
    Ok(page(&call, REDOC))
}

/// Puts the base path in front of the files that a page names.
fn page(call: &Call, html: &str) -> Page {
    let base = call.app.edge.base_path().as_str();
    let html = html.replace("=\"/", &format!("=\"{base}/"));
    let mut response = Response::new(Body::from(html));
    response.extensions_mut().insert(ReferencePage);
    let media_type = HeaderValue::from_static("text/html; charset=utf-8");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    Page(response)
}
