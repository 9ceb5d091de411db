//! Any bytes are a pickle or an error. Run: `cargo +nightly fuzz run pickle` in `cifar-tools/`.
#![no_main]

use cifar_tools::pickle::{Blob, BlobSink, Context, Error, Limits, load};
use libfuzzer_sys::fuzz_target;

/// Reads everything that a blob sink has access to.
struct ReadAllSink;

impl BlobSink for ReadAllSink {
    type Error = Error;

    fn blob(&mut self, context: &Context<'_>, blob: Blob<'_>) -> Result<(), Error> {
        let _ = (context.key(), context.entry("fine_labels"));
        let _ = std::io::copy(blob.body, &mut std::io::sink());
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(pickle) = load(bytes, Limits::default(), &mut ReadAllSink) {
        let _ = pickle.heap.entry(pickle.root, "data").map(|data| pickle.heap.array(data));
    }
});
