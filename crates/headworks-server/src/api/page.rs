//! Pages of lists.

use schemars::JsonSchema;
use serde::Serialize;

use crate::problem::ApiError;

/// Items of a page when the client does not say.
pub(crate) const LIMIT_DEFAULT: usize = 100;
/// Most items of a page.
pub(crate) const LIMIT_MAX: usize = 1000;

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(crate) struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// `cursor` of the next page; null after the last.
    pub next_cursor: Option<String>,
    /// Items of all pages.
    pub total: usize,
}

/// Which part of a list was asked for.
pub(crate) struct Window {
    limit: usize,
    /// Place and key of the last item of the page before.
    after: Option<(usize, String)>,
}

impl Window {
    /// Returns the window that `limit` and `cursor` describe.
    pub(crate) fn new(
        limit: Option<usize>,
        cursor: Option<&str>,
        max: usize,
    ) -> Result<Window, ApiError> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if limit == 0 || max < limit {
            let reason = format!("{limit}; 1 to {max} are allowed");
            return Err(ApiError::query("limit", reason));
        }
        let after = cursor.map(parse_cursor).transpose()?;
        Ok(Window { limit, after })
    }

    /// Returns the first place that [`Window::cut`] will look at.
    pub(crate) fn first_place(&self) -> usize {
        self.after.as_ref().map_or(0, |(place, _)| *place)
    }

    /// Cuts the page out of a list of `total` items that can be looked at by place.
    ///
    /// The item after the key of the cursor comes first. When that item is gone, the place that
    /// it had decides.
    pub(crate) fn cut<I, T>(
        &self,
        total: usize,
        at: impl Fn(usize) -> Option<I>,
        key: impl Fn(&I) -> String,
        render: impl Fn(I) -> T,
    ) -> Page<T> {
        let is_at = |place: usize, wanted: &str| at(place).is_some_and(|item| key(&item) == wanted);
        let start = match &self.after {
            None => 0,
            Some((place, wanted)) if is_at(*place, wanted) => place + 1,
            Some((place, wanted)) => (0..total)
                .find(|&other| is_at(other, wanted))
                .map_or((*place).min(total), |found| found + 1),
        };
        let end = start.saturating_add(self.limit).min(total);
        let next_cursor = (end < total && start < end)
            .then(|| at(end - 1).map(|last| format!("{}:{}", end - 1, key(&last))))
            .flatten();
        let items = (start..end).filter_map(|place| at(place).map(&render));
        Page {
            items: items.collect(),
            next_cursor,
            total,
        }
    }
}

fn parse_cursor(text: &str) -> Result<(usize, String), ApiError> {
    let parts = text.split_once(':');
    let parts = parts.and_then(|(place, key)| Some((place.parse().ok()?, key.to_owned())));
    parts.ok_or_else(|| {
        let reason = "no cursor of this list; take next_cursor of the page before";
        ApiError::query("cursor", reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(list: &[&str], limit: usize, cursor: Option<&str>) -> Page<String> {
        let window = Window::new(Some(limit), cursor, LIMIT_MAX).unwrap();
        let at = |place: usize| list.get(place).copied();
        window.cut(list.len(), at, |item| (*item).to_owned(), str::to_owned)
    }

    #[test]
    fn pages_join_to_the_list() {
        let list = ["a", "b", "c", "d", "e"];
        for limit in 1..7 {
            let (mut joined, mut cursor) = (Vec::new(), None);
            loop {
                let page = page(&list, limit, cursor.as_deref());
                assert_eq!(page.total, 5);
                joined.extend(page.items);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(joined, list, "limit {limit}");
        }
    }

    #[test]
    fn a_page_follows_its_key_when_items_come_and_go() {
        let cursor = page(&["a", "b", "c"], 2, None).next_cursor;
        let next = |list: &[&str]| page(list, 2, cursor.as_deref()).items;
        assert_eq!(next(&["0", "a", "b", "c"]), ["c"]);
        assert_eq!(next(&["b", "c"]), ["c"]);
        // the key itself is gone: its place decides
        assert_eq!(next(&["a", "c"]), ["c"]);
        assert!(next(&[]).is_empty());
    }

    #[test]
    fn limits_and_cursors_are_checked() {
        for limit in [0, LIMIT_MAX + 1] {
            assert!(Window::new(Some(limit), None, LIMIT_MAX).is_err());
        }
        for cursor in ["", "x", "-1:a", "99999999999999999999999:a"] {
            assert!(
                Window::new(None, Some(cursor), LIMIT_MAX).is_err(),
                "{cursor}"
            );
        }
    }
}
