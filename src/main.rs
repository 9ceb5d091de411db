//! The `scones` command.
fn main() {}
