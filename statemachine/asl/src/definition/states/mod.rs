//! Reads the fields that only one type of state has. One file a type.

mod choice;
mod condition;
mod distributed;
mod fail;
mod items;
mod map;
mod number;
mod parallel;
mod pass;
mod task;
mod wait;
