//! The fields of an encoded protocol buffer, without knowing what they mean: what is changed in a
//! model is decoded, and all else is carried over as it is.

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// One field of a message.
pub(super) struct Field<'a> {
    /// Its number.
    pub(super) tag: u32,
    /// All of its bytes, number and length too.
    pub(super) raw: &'a [u8],
    /// Its content, for a message, a string or bytes; empty for a number.
    pub(super) content: &'a [u8],
}

/// The fields of a message, in their order.
pub(super) fn fields(mut bytes: &[u8]) -> Result<Vec<Field<'_>>, DecodeError> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let start = bytes;
        let (tag, kind) = decode_key(&mut bytes)?;
        let mut content = bytes;
        skip_field(kind, tag, &mut bytes, DecodeContext::default())?;
        if kind == WireType::LengthDelimited {
            decode_varint(&mut content)?;
            content = &content[..content.len() - bytes.len()];
        } else {
            content = &[];
        }
        fields.push(Field {
            tag,
            raw: &start[..start.len() - bytes.len()],
            content,
        });
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart_and_nothing_is_lost() {
        // 1: varint 150; 2: the string "ab"; 3: four bytes.
        let bytes = [8, 150, 1, 18, 2, b'a', b'b', 29, 1, 2, 3, 4];
        let fields = fields(&bytes).unwrap();
        let tags: Vec<u32> = fields.iter().map(|field| field.tag).collect();
        assert_eq!(tags, [1, 2, 3]);
        assert_eq!(fields[1].content, b"ab");
        assert_eq!(fields[0].content, b"");
        let raw: Vec<u8> = fields.iter().flat_map(|field| field.raw).copied().collect();
        assert_eq!(raw, bytes);
    }

    #[test]
    fn what_ends_too_early_is_an_error() {
        for bytes in [&[18, 9, b'a'][..], &[8], &[29, 1], &[0xff; 12]] {
            assert!(fields(bytes).is_err(), "{bytes:?}");
        }
    }
}
