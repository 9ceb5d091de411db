//! Splits a sorted list of names into pages with common prefixes.
//!
//! The four listings of S3 share it. Names that share the text between the prefix and the delimiter
//! form one entry; the listing skips them by seeking past them, however many there are.

/// The request for a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pub(super) prefix: String,
    pub(super) delimiter: Option<String>,
    /// The maximum number of entries and common prefixes together.
    pub(super) limit: usize,
    /// True if a marker inside a common prefix skips the whole prefix. `StartAfter` alone does not.
    pub(super) marker_skips_prefix: bool,
}

/// The lower bound of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StartBound {
    /// The first page: the caller knows where it begins.
    Start,
    /// The first name that is not less than these bytes.
    Name(Vec<u8>),
}

/// A page of a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    pub(super) common_prefixes: Vec<String>,
    /// The position of the next page; `None` on the last.
    pub(super) next: Option<PageEnd>,
}

/// The last entry of a page that is not the final one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PageEnd {
    /// The last of the entries.
    Entry,
    /// The last of the common prefixes.
    CommonPrefix,
}

/// Reads a page. `fetch(from, n)` gives up to `n` items with `prefix`, in order.
pub(super) fn page<T, E>(
    query: &Query,
    name: impl Fn(&T) -> &str,
    mut fetch: impl FnMut(&StartBound, usize) -> Result<Vec<T>, E>,
) -> Result<Page<T>, E> {
    let mut page = Page {
        entries: Vec::new(),
        common_prefixes: Vec::new(),
        next: None,
    };
    let mut last = None;
    let mut from = StartBound::Start;
    let mut room = query.limit;
    if room == 0 {
        // S3 calls a page of nothing complete.
        return Ok(page);
    }
    'fetch: loop {
        // One more than there is room for: it tells whether there is more.
        for item in fetch(&from, room + 1)? {
            if room == 0 {
                page.next = last;
                break 'fetch;
            }
            room -= 1;
            if let Some(common) = common_prefix(query, name(&item)) {
                page.common_prefixes.push(common.to_owned());
                last = Some(PageEnd::CommonPrefix);
                match successor(common) {
                    Some(name) => from = StartBound::Name(name),
                    None => break 'fetch,
                }
                continue 'fetch;
            }
            page.entries.push(item);
            last = Some(PageEnd::Entry);
        }
        break;
    }
    Ok(page)
}

/// The name up to the first delimiter after the prefix.
fn common_prefix<'n>(query: &Query, name: &'n str) -> Option<&'n str> {
    let delimiter = query.delimiter.as_deref()?;
    let rest = name.get(query.prefix.len()..)?;
    let end = query.prefix.len() + rest.find(delimiter)? + delimiter.len();
    Some(&name[..end])
}

/// Returns the start of the page after `marker`, if `marker` ends a common prefix.
pub(super) fn past_common_prefix(query: &Query, marker: &str) -> Option<Vec<u8>> {
    if !marker.starts_with(&query.prefix) {
        return None;
    }
    let prefix = common_prefix(query, marker)?;
    (query.marker_skips_prefix || prefix == marker)
        .then(|| successor(prefix))
        .flatten()
}

/// Returns the smallest byte string greater than every one that begins with `prefix`.
pub(super) fn successor(prefix: &str) -> Option<Vec<u8>> {
    let mut bytes = prefix.as_bytes().to_vec();
    while let Some(last) = bytes.last_mut() {
        if let Some(next) = last.checked_add(1) {
            *last = next;
            return Some(bytes);
        }
        bytes.pop();
    }
    None
}
