//! One binary for every test that needs more than one crate.

mod app;
mod desk;
mod fairness;
mod lifecycle;
mod scale;
mod support;
mod tidy;
