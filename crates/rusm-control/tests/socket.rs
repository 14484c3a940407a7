//! The control socket as its clients meet it: through a real socket, friendly and hostile.

#![expect(clippy::unwrap_used, reason = "a failing test is a panic anyway")]

#[path = "socket/bounds.rs"]
mod bounds;
#[path = "socket/hostile.rs"]
mod hostile;
#[path = "socket/house.rs"]
mod house;
#[path = "socket/store.rs"]
mod store;
