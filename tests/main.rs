//! One binary for every test that needs more than one crate.

mod app;
mod attenuation;
mod ceilings;
mod conformance;
mod control;
mod denials;
mod desk;
mod embedding;
mod fairness;
mod forge;
mod hostile;
mod keyvalue;
mod lifecycle;
mod limits;
mod mailboxes;
mod network;
mod otp;
mod profiles;
mod scale;
mod stage;
mod storage;
mod supervision;
mod support;
mod tidy;
mod trial;
mod zeroing;
