//! Any bytes are an archive or an error. Run: `cargo +nightly fuzz run archive` in `cifar-tools/`.
#![no_main]

use cifar_tools::archive::{Error, Row, scan};
use cifar_tools::classes::Classes;
use cifar_tools::progress::quiet;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::sync::atomic::AtomicU64;

fuzz_target!(|bytes: &[u8]| {
    let mut visit = |_: Row<'_>| Ok::<_, Error>(());
    let _ = scan(&mut Cursor::new(bytes), &Classes::default(), &AtomicU64::new(0), &mut quiet, &mut visit);
});
