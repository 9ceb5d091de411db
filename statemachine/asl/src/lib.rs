//! Parses, validates and runs Amazon States Language, without I/O.
