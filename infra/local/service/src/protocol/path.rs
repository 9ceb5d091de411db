//! The path and the query of a REST request.

use percent_encoding::percent_decode_str;

/// Returns the decoded segments of a path: `/a/b%20c/` has `a` and `b c`.
pub fn segments(path: &str) -> Vec<String> {
    path.trim_matches('/').split('/').map(decode).collect()
}

/// The part of a URL after the question mark.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a>(pub &'a str);

impl Query<'_> {
    /// Returns the first value of a parameter.
    pub fn get(&self, name: &str) -> Option<String> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name);
        values.next().map(|(_, value)| decode(value))
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_parameters_are_decoded() {
        assert_eq!(segments("/a/b%20c%2Fd/"), ["a", "b c/d"]);
        let query = Query("a=1&b=x%2By&a=2&c");
        assert_eq!(query.get("a").as_deref(), Some("1"));
        assert_eq!(query.get("b").as_deref(), Some("x+y"));
        assert_eq!(query.get("c"), None);
    }
}
