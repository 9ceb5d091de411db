//! Decodes the bytes of an object, which arrive in pieces, to items.

use serde_json::Value;

/// The result of decoding; the error has AWS's text if it is known.
pub(super) type Decoded = Result<(), String>;

/// Reads one format. What a piece completes is appended to `items`.
pub(super) trait Decode: Send {
    fn piece(&mut self, piece: &[u8], items: &mut Vec<Value>) -> Decoded;

    /// The object is at its end.
    fn end(&mut self, items: &mut Vec<Value>) -> Decoded;
}

/// Feeds a text to a decoder in pieces of a size.
#[cfg(test)]
pub(super) fn decode(
    decoder: &mut dyn Decode,
    text: &str,
    size: usize,
) -> Result<Vec<Value>, String> {
    let mut items = Vec::new();
    for piece in text.as_bytes().chunks(size) {
        decoder.piece(piece, &mut items)?;
    }
    decoder.end(&mut items)?;
    Ok(items)
}

/// Checks the result for every size of piece, which must make no difference.
#[cfg(test)]
pub(super) fn check<D: Decode>(make: impl Fn() -> D, text: &str, expected: Result<Value, &str>) {
    let expected = expected.map_err(str::to_owned);
    for size in 1..=text.len().max(1) {
        let got = decode(&mut make(), text, size).map(Value::Array);
        assert_eq!(got, expected, "{text:?} by {size}");
    }
}
