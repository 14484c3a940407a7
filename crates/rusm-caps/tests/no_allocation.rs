//! An allowed check allocates nothing: it stands in the path of every message.

#[path = "no_allocation/crowded.rs"]
mod crowded;

use std::sync::Arc;

use crowded::{crowded, requests};
use rusm_caps::*;

fn guard(profile: Profile) -> Guard {
    Guard::new(
        Arc::new(profile),
        Subject::new("api", 12, "<0.7.12>"),
        Arc::new(RecordingSink::denials()),
    )
}

/// Every kind of request that a profile can allow, checked without touching the heap.
#[test]
fn an_allowed_check_allocates_nothing() {
    let guard = guard(crowded());
    let names: Vec<Arc<str>> = ["one.example", "two.example", "A.d63.example.com"]
        .map(Arc::from)
        .to_vec();
    for request in requests(&names) {
        let used = allocation_counter::measure(|| {
            assert!(guard.check(request, 7).is_ok(), "{request:?}");
        });
        assert_eq!(used.count_total, 0, "{request:?}");
    }
}

/// The measure itself works: a denial does allocate.
#[test]
fn a_denial_is_allowed_to_allocate() {
    let guard = guard(Profile::sandboxed());
    let used = allocation_counter::measure(|| {
        assert!(guard.check(Request::Stdio, ()).is_err());
    });
    assert!(used.count_total > 0);
}
