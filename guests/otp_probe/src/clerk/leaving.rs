//! How a clerk takes its leave, when it is given time to: [`Leaving`].

use rusm_sdk::mailbox::{self, Event, Selector};
use rusm_sdk::{process, registry, server};

use super::words;
use crate::tell::fail;

/// The tag by which those of a crew tell each other that they have been asked to end.
const ASKED: u64 = 8;
/// The group of a crew.
const CREW: &str = "crew";

/// What a clerk does last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Leaving {
    #[default]
    AtOnce,
    /// It does not.
    Never,
    /// It makes the clerk of this name fail, and waits until it has ended.
    Pushing(String),
    /// It waits until so many more of the crew have been asked, itself among them.
    Together(usize),
}

impl Leaving {
    pub(super) fn together(n_crew: usize) -> Self {
        registry::join(CREW);
        Self::Together(n_crew)
    }

    /// One of the crew has been asked before this one was: true if that is what the message says.
    pub(super) fn hears(&mut self, tag: u64) -> bool {
        match self {
            Self::Together(n_crew) if tag == ASKED => {
                *n_crew -= 1;
                true
            }
            Self::AtOnce | Self::Never | Self::Pushing(_) | Self::Together(_) => false,
        }
    }

    pub(super) fn leave(&self) {
        match self {
            Self::AtOnce => {}
            Self::Never => {
                mailbox::receive_where(&Selector::any().tags([]));
            }
            Self::Pushing(name) => push(name),
            Self::Together(n_crew) => {
                registry::broadcast(CREW, ASKED, &[]);
                for _ in 0..*n_crew {
                    mailbox::receive_where(&Selector::any().tags([ASKED]));
                }
            }
        }
    }
}

fn push(name: &str) {
    let Some(other) = registry::whereis(name) else {
        fail(format_args!("there is no '{name}' to push"));
    };
    let monitor = process::monitor(other);
    server::cast(other, &words("fail", "pushed"));
    let Event::Down(_) = mailbox::receive_where(&Selector::any().monitor(monitor)) else {
        fail("a monitor tells of an end");
    };
}
