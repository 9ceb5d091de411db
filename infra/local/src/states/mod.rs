//! AWS Step Functions: the wire API and the durable runner over the `asl` crate.
