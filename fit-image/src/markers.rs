//! Walks the markers of a JPEG file, to detect truncation and unsupported coding processes.

const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// Returns true if the file's own end marker is present. Markers are followed and not searched,
/// because the thumbnail inside a photograph has one too. Data after the end, such as the film of a
/// motion photo, doesn't count.
pub(super) fn is_complete(file: &[u8]) -> bool {
    markers(file).any(|marker| marker == END_OF_IMAGE)
}

/// Names the coding process of the file if it is an unsupported one (T.81, table B.1).
pub(super) fn unread_process(file: &[u8]) -> Option<&'static str> {
    markers(file).find_map(|marker| match marker {
        0xC3 => Some("lossless compression"),
        0xC5..=0xC7 => Some("hierarchical compression"),
        0xC9..=0xCB | 0xCD..=0xCF => Some("arithmetic coding"),
        _ => None,
    })
}

/// Returns the markers of a file, until its end or the first that can't be followed.
fn markers(file: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = Some(file);
    std::iter::from_fn(move || {
        let (marker, after) = next_marker(rest?)?;
        rest = if stands_alone(marker) || marker == END_OF_IMAGE {
            Some(after)
        } else {
            skip_segment(after)
        };
        if marker == START_OF_SCAN {
            rest = rest.map(skip_scan);
        }
        Some(marker)
    })
}

/// Returns the next marker and the rest after it; `FF` bytes before it are padding.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let start = bytes.iter().position(|byte| *byte == 0xFF)?;
    let marker = start + bytes[start..].iter().position(|byte| *byte != 0xFF)?;
    Some((bytes[marker], &bytes[marker + 1..]))
}

/// Returns true for markers without a segment: start of image, restart and TEM. `FF00` is no
/// marker, but data.
fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8)
}

/// Skips a segment, which begins with its length: big-endian, the two bytes of the length included.
fn skip_segment(bytes: &[u8]) -> Option<&[u8]> {
    let length = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
    bytes.get(usize::from(length).max(2)..)
}

/// Skips the entropy-coded data, in which `FF00` stands for `FF` and restart markers may come.
fn skip_scan(mut bytes: &[u8]) -> &[u8] {
    while let Some(at) = bytes.windows(2).position(|pair| pair[0] == 0xFF) {
        match bytes[at + 1] {
            0x00 | 0xD0..=0xD7 => bytes = &bytes[at + 2..],
            _ => return &bytes[at..],
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    const START: [u8; 2] = [0xFF, 0xD8];
    const END: [u8; 2] = [0xFF, 0xD9];
    const THUMBNAIL: [u8; 8] = [0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9];
    const SCAN: [u8; 11] = [0xFF, 0xDA, 0, 3, 1, 7, 0xFF, 0x00, 0xFF, 0xD3, 9];

    #[track_caller]
    fn check(parts: &[&[u8]], complete: bool) {
        assert_eq!(is_complete(&parts.concat()), complete);
    }

    #[test]
    fn the_end_marker_is_found_where_it_counts() {
        check(&[&START, &SCAN, &END], true);
        check(&[&START, &THUMBNAIL, &SCAN, &END, b"a film"], true);
        check(&[&START, &SCAN, &SCAN, &[0xFF, 0xFF], &END], true);
    }

    #[test]
    fn without_it_the_file_is_truncated() {
        check(&[&START, &THUMBNAIL, &SCAN], false);
        check(&[&START, &SCAN, &[0xFF]], false);
        check(&[&START, &[0xFF, 0xE1, 0xFF, 0xFF], &END], false);
        check(&[], false);
    }
}
