//! Where the worlds are: one node and what there is to reach around it, and the dice that draw them.

#![expect(
    clippy::indexing_slicing,
    reason = "an index is rolled or counted within bounds"
)]

use crate::support::{BOTH_PATHS, Scenario};
use rusm_core::{HostInterface, Program};
use std::net::TcpListener;

/// Names under which code may be brought.
pub(super) const BROUGHT: [&str; 2] = ["plug", "agent"];

/// Random numbers from a seed (splitmix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let n = u64::try_from(things.len()).expect("there are few");
        &things[usize::try_from(self.roll() % n).expect("it is one of few")]
    }

    pub(super) fn chance(&mut self, of_ten: u64) -> bool {
        self.roll() % 10 < of_ten
    }
}

/// Where there is something to reach, for all worlds.
pub(super) struct Surroundings {
    pub(super) scenario: Scenario,
    pub(super) programs: [Program; 2],
    pub(super) folder: tempfile::TempDir,
    listeners: [TcpListener; 2],
}

impl Surroundings {
    pub(super) fn new() -> Self {
        let bank = HostInterface::new("acme:billing/charge").expect("it is a name");
        let bank = bank.raw_function(
            "pay",
            rusm_core::RawFunction::new([], [], |_, _| Ok(vec![])),
        );
        let variables = ["E1", "E2"].map(|name| (name.to_owned(), "value".to_owned()));
        let scenario = Scenario::with(|builder| builder.host_interface(bank).env(variables.into()));
        let programs = BOTH_PATHS.map(|path| crate::app::probe(&scenario, path));
        let folder = tempfile::tempdir().expect("there is room for a folder");
        std::fs::write(folder.path().join("f"), "content").expect("there is room for a file");
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
        for listener in &listeners {
            listener.set_nonblocking(true).expect("it is a socket");
        }
        Self {
            scenario,
            programs,
            folder,
            listeners,
        }
    }

    pub(super) fn address(&self, index: usize) -> String {
        self.listeners[index]
            .local_addr()
            .expect("it listens")
            .to_string()
    }

    /// Accepts whoever has connected, so that there is room for the next.
    pub(super) fn take_connections(&self) {
        for listener in &self.listeners {
            while listener.accept().is_ok() {}
        }
    }

    /// Every right that there is, apart from spawning.
    pub(super) fn rights(&self) -> Vec<String> {
        let mut rights: Vec<String> = [
            "listen:127.0.0.1:4711",
            "storage:read:b1",
            "storage:write:b1",
            "storage:read:b2",
            "process-control",
            "send:ledger",
            "load",
            "stdio",
            "env:E1",
            "env:E2",
            "files:/data",
            "host-functions:acme:billing/charge",
        ]
        .map(str::to_owned)
        .to_vec();
        rights.extend([0, 1].map(|index| format!("network:{}", self.address(index))));
        rights
    }
}
