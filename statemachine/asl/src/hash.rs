//! The hashes of `$hash` and `States.Hash`.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// `text`'s digest in lowercase hexadecimal; `None` where AWS knows no such `algorithm` (their
/// names are exact).
pub(crate) fn hexadecimal(algorithm: &str, text: &str) -> Option<String> {
    let digest = match algorithm {
        "MD5" => Md5::digest(text).to_vec(),
        "SHA-1" => Sha1::digest(text).to_vec(),
        "SHA-256" => Sha256::digest(text).to_vec(),
        "SHA-384" => Sha384::digest(text).to_vec(),
        "SHA-512" => Sha512::digest(text).to_vec(),
        _ => return None,
    };
    Some(hex::encode(digest))
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    #[test]
    fn digests_are_the_published_ones_of_abc() {
        // RFC 1321, RFC 3174 and FIPS 180-2 print these.
        let all = [
            ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
            ("SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "SHA-256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "SHA-384",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                "SHA-512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ];
        for (algorithm, digest) in all {
            assert_eq!(hexadecimal(algorithm, "abc").as_deref(), Some(digest));
        }
    }

    #[test]
    fn other_names_are_not_known() {
        for name in ["", "md5", "SHA1", "SHA-224", "sha-256"] {
            assert_eq!(hexadecimal(name, "abc"), None, "{name}");
        }
    }
}
