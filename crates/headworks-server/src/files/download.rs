//! A file as the body of an answer: whole, or the part that is missing (RFC 9110, section 14).

use std::io::SeekFrom;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::problem::{ApiError, Code};

/// Bytes that are read at once.
const PIECE_BYTES: u64 = 256 << 10;

/// What a client wants of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    /// From one byte to another, both included.
    Part(u64, u64),
    /// A part behind the end.
    Nothing,
}

/// Answers with a file under a name.
pub(crate) async fn send(
    path: &Path,
    name: &str,
    media_type: &'static str,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let gone = |_| {
        ApiError::new(
            Code::NotFound,
            "the file does not exist; it is not done, or gone",
        )
    };
    let mut file = File::open(path).await.map_err(gone)?;
    let metadata = file.metadata().await.map_err(gone)?;
    let (size, etag) = (metadata.len(), etag(&metadata));
    let (status, start, end) = match wanted(headers, size, &etag) {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last + 1),
        Wanted::Nothing => return Ok(not_satisfiable(size)),
    };
    file.seek(SeekFrom::Start(start)).await.map_err(gone)?;
    let mut response = Response::new(body(file, end - start));
    *response.status_mut() = status;
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    insert(answer, header::CONTENT_LENGTH, &(end - start).to_string());
    insert(answer, header::ETAG, &etag);
    let disposition = format!("attachment; filename=\"{name}\"");
    insert(answer, header::CONTENT_DISPOSITION, &disposition);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {start}-{}/{size}", end - 1);
        insert(answer, header::CONTENT_RANGE, &range);
    }
    Ok(response)
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// Returns a name of the contents: a finished file never changes.
fn etag(metadata: &std::fs::Metadata) -> String {
    let modified = metadata.modified().ok();
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let nanos = since.map_or(0, |since| since.as_nanos());
    format!("\"{:x}-{nanos:x}\"", metadata.len())
}

fn wanted(headers: &HeaderMap, size: u64, etag: &str) -> Wanted {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let Some(range) = text(header::RANGE) else {
        return Wanted::Whole;
    };
    // A part of another version would not fit what the client has.
    if text(header::IF_RANGE).is_some_and(|wanted| wanted.trim() != etag) {
        return Wanted::Whole;
    }
    let Some(spec) = range.trim().strip_prefix("bytes=") else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Wanted::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(first), number(last), first.trim(), last.trim()) {
        // Several ranges and nonsense are answered with the whole, as the standard allows.
        (_, None, _, rest) if !rest.is_empty() => Wanted::Whole,
        (None, Some(0), "", _) => Wanted::Nothing,
        (None, Some(count), "", _) if 0 < size => {
            Wanted::Part(size.saturating_sub(count), size - 1)
        }
        (Some(first), _, _, _) if size <= first => Wanted::Nothing,
        (Some(first), None, _, _) => Wanted::Part(first, size - 1),
        (Some(first), Some(last), _, _) if first <= last => Wanted::Part(first, last.min(size - 1)),
        _ => Wanted::Whole,
    }
}

fn not_satisfiable(size: u64) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    let range = format!("bytes */{size}");
    insert(response.headers_mut(), header::CONTENT_RANGE, &range);
    response
}

fn body(file: File, bytes: u64) -> Body {
    Body::from_stream(stream::try_unfold(
        (file, bytes),
        |(mut file, left)| async move {
            if left == 0 {
                return Ok::<_, std::io::Error>(None);
            }
            let piece_bytes = usize::try_from(left.min(PIECE_BYTES)).unwrap_or(usize::MAX);
            let mut piece = vec![0; piece_bytes];
            let read = file.read(&mut piece).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            piece.truncate(read);
            Ok(Some((Bytes::from(piece), (file, left - read as u64))))
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_standard() {
        for (range, if_range, want) in [
            (None, None, Wanted::Whole),
            (Some("bytes=0-9"), None, Wanted::Part(0, 9)),
            (Some("bytes=90-"), None, Wanted::Part(90, 99)),
            (Some("bytes=90-500"), None, Wanted::Part(90, 99)),
            (Some("bytes=-10"), None, Wanted::Part(90, 99)),
            (Some("bytes=-500"), None, Wanted::Part(0, 99)),
            (Some("bytes=100-"), None, Wanted::Nothing),
            (Some("bytes=-0"), None, Wanted::Nothing),
            (Some("bytes=9-5"), None, Wanted::Whole),
            (Some("bytes=0-1,5-6"), None, Wanted::Whole),
            (Some("bytes=x"), None, Wanted::Whole),
            (Some("lines=1-2"), None, Wanted::Whole),
            (Some("bytes=5-"), Some("\"a\""), Wanted::Part(5, 99)),
            (Some("bytes=5-"), Some("\"b\""), Wanted::Whole),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(range) = range {
                headers.insert(header::RANGE, HeaderValue::from_static(range));
            }
            if let Some(if_range) = if_range {
                headers.insert(header::IF_RANGE, HeaderValue::from_static(if_range));
            }
            assert_eq!(
                wanted(&headers, 100, "\"a\""),
                want,
                "{range:?} {if_range:?}"
            );
        }
    }
}
