//! Each bound at its edges.

use super::*;

/// The defaults are within the bounds of bounds, and 4096 MiB is the edge.
#[test]
fn memory_is_checked_at_its_edges() {
    assert_eq!(Limits::sandboxed().validate(), Ok(()));
    assert_eq!(Limits::trusted().validate(), Ok(()));
    let with = |bytes| {
        Limits {
            max_memory_bytes: bytes,
            ..Limits::sandboxed()
        }
        .validate()
    };
    assert_eq!(with(4096 * MIB), Ok(()));
    assert_eq!(
        with(4096 * MIB + 1),
        Err(LimitError::Memory {
            bytes: 4096 * MIB + 1
        })
    );
    assert_eq!(with(0), Err(LimitError::Memory { bytes: 0 }));
}

/// A bound of no time at all would end every process at its start, so it is refused.
#[test]
fn times_of_nothing_and_of_ages_are_refused() {
    for time in [Duration::ZERO, Duration::MAX] {
        let limits = Limits {
            timeout: Some(time),
            ..Limits::sandboxed()
        };
        assert_eq!(limits.validate(), Err(LimitError::Time { what: "timeout" }));
    }
}

/// Sandboxed lies within trusted, never the other way round; each wider bound is named.
#[test]
fn the_exceeded_bound_is_named() {
    assert_eq!(Limits::trusted().exceeded_by(&Limits::sandboxed()), None);
    assert_eq!(
        Limits::sandboxed().exceeded_by(&Limits::trusted()),
        Some("max-memory-mb")
    );
    let timed = Limits {
        max_cpu: Some(Duration::from_secs(1)),
        ..Limits::sandboxed()
    };
    assert_eq!(timed.exceeded_by(&Limits::sandboxed()), Some("max-cpu-ms"));
    assert_eq!(Limits::sandboxed().exceeded_by(&timed), None);
}

/// What makes one bound wider, and what it is called.
type Widened = (&'static str, fn(&mut Limits));

const WIDENED: [Widened; 14] = [
    ("max-memory-mb", |limits| limits.max_memory_bytes += 1),
    ("max-cpu-ms", |limits| limits.max_cpu = None),
    ("max-slice-ms", |limits| limits.max_slice = None),
    ("timeout-ms", |limits| limits.timeout = None),
    ("max-output-kb", |limits| limits.max_output_bytes += 1),
    ("max-mailbox", |limits| limits.max_mailbox_messages += 1),
    ("max-mailbox", |limits| limits.max_mailbox_bytes += 1),
    ("max-processes", |limits| limits.max_processes += 1),
    ("max-handles", |limits| limits.max_handles += 1),
    ("max-timers", |limits| limits.max_timers += 1),
    ("max-table-elements", |limits| {
        limits.max_table_elements += 1
    }),
    ("max-body-kb", |limits| limits.max_body_bytes += 1),
    ("max-random-kb", |limits| limits.max_random_bytes += 1),
    ("max-call-kb", |limits| limits.max_call_bytes += 1),
];

/// Whichever bound is the one that is wider, it alone is found.
#[test]
fn no_bound_is_forgotten() {
    let second = Some(Duration::from_secs(1));
    let bounded = Limits {
        max_cpu: second,
        max_slice: second,
        timeout: second,
        ..Limits::sandboxed()
    };
    for (key, widen) in WIDENED {
        let mut wider = bounded.clone();
        widen(&mut wider);
        assert_eq!(bounded.exceeded_by(&wider), Some(key));
        assert_eq!(wider.exceeded_by(&bounded), None, "{key}");
    }
    // A new field has to be named here, and then above.
    let Limits {
        max_memory_bytes: _,
        max_cpu: _,
        max_slice: _,
        timeout: _,
        max_output_bytes: _,
        max_mailbox_messages: _,
        max_mailbox_bytes: _,
        max_processes: _,
        max_handles: _,
        max_timers: _,
        max_table_elements: _,
        max_body_bytes: _,
        max_random_bytes: _,
        max_call_bytes: _,
    } = bounded;
}

/// Amounts are checked at both edges of what can be honoured.
#[test]
fn amounts_are_checked_at_their_edges() {
    type Set = fn(&mut Limits, u64);
    let rows: [(&str, u64, u64, Set); 3] = [
        ("max-body-kb", KIB, Limits::BODY_BYTES_MAX, |limits, n| {
            limits.max_body_bytes = n
        }),
        (
            "max-random-kb",
            KIB,
            Limits::RANDOM_BYTES_MAX,
            |limits, n| limits.max_random_bytes = n,
        ),
        (
            "max-call-kb",
            Limits::CALL_BYTES_MIN,
            Limits::CALL_BYTES_MAX,
            |limits, n| limits.max_call_bytes = n,
        ),
    ];
    for (key, least, most, set) in rows {
        for (value, is_good) in [
            (least - 1, false),
            (least, true),
            (most, true),
            (most + 1, false),
        ] {
            let mut limits = Limits::sandboxed();
            set(&mut limits, value);
            let expected = if is_good {
                Ok(())
            } else {
                Err(LimitError::OutOfRange { key, least, most })
            };
            assert_eq!(limits.validate(), expected, "{key} {value}");
        }
    }
    let counted = |set: fn(&mut Limits)| {
        let mut limits = Limits::sandboxed();
        set(&mut limits);
        limits.validate().is_ok()
    };
    assert!(counted(
        |limits| (limits.max_handles, limits.max_timers) = (0, 0)
    ));
    assert!(!counted(
        |limits| limits.max_handles = Limits::HANDLES_MAX + 1
    ));
    assert!(!counted(|limits| limits.max_timers = Limits::TIMERS_MAX + 1));
    assert!(!counted(
        |limits| limits.max_table_elements = Limits::TABLE_ELEMENTS_MAX + 1
    ));
    assert!(!counted(
        |limits| limits.max_processes = Limits::PROCESSES_MAX + 1
    ));
}
