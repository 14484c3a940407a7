//! One binary for every test that needs more than one crate.

mod app;
mod desk;
mod fairness;
mod forge;
mod lifecycle;
mod mailboxes;
mod profiles;
mod scale;
mod supervision;
mod support;
mod tidy;
