//! Floods, and who else is written meanwhile.

use super::*;
use std::time::UNIX_EPOCH;

fn denial(component: &str, pid: u32) -> Record {
    Record::Denial {
        component: component.into(),
        pid: pid.to_string(),
        profile: "p".into(),
        permission: "network".into(),
        target: "t".into(),
        rule: "r".into(),
        sentence: "s".into(),
    }
}

fn exit(component: &str, pid: u32) -> Record {
    Record::Exit {
        component: component.into(),
        pid: pid.to_string(),
        parent: None,
        reason: "normal".into(),
    }
}

/// What is written of these, told records among them, and how many were counted.
fn written(
    limiter: &mut Limiter,
    records: impl IntoIterator<Item = Record>,
    now: SystemTime,
) -> (Vec<Record>, usize) {
    let (mut out, mut counted) = (Vec::new(), 0);
    for record in records {
        match limiter.judge(&record, now, &mut out) {
            Verdict::Write => out.push(record),
            Verdict::Count => counted += 1,
        }
    }
    (out, counted)
}

fn told(records: &[Record]) -> u64 {
    let count = |record: &Record| {
        let (of, count) = record.stands_for();
        if of == record.kind() { 0 } else { count }
    };
    records.iter().map(count).sum()
}

/// A million denials of one process are a hundred records and one that counts the rest; the denial
/// of another process of the same component is written.
#[test]
fn a_flood_is_a_hundred_records_and_a_count() {
    let mut limiter = Limiter::default();
    let (out, counted) = written(
        &mut limiter,
        (0..1_000_000).map(|_| denial("a", 1)),
        UNIX_EPOCH,
    );
    assert_eq!((out.len(), counted), (100, 999_900));
    let (out, counted) = written(&mut limiter, [denial("a", 2), denial("b", 3)], UNIX_EPOCH);
    assert_eq!((out.len(), counted), (2, 0));
    let (out, _) = written(&mut limiter, [exit("a", 1)], UNIX_EPOCH);
    let more = Record::More {
        component: "a".into(),
        pid: Some("1".into()),
        of: Kind::Denial,
        count: 999_900,
    };
    assert_eq!(out, [more, exit("a", 1)]);
}

/// Many processes of one component together are limited too, and other components are not.
#[test]
fn many_processes_share_the_bound_of_their_component() {
    let mut limiter = Limiter::default();
    let flood = (0..100_000u32).map(|n| denial("a", n));
    let (out, counted) = written(&mut limiter, flood, UNIX_EPOCH);
    assert_eq!((out.len(), counted), (1_000, 99_000));
    assert_eq!(
        written(&mut limiter, [denial("b", 7)], UNIX_EPOCH).0.len(),
        1
    );
    assert!(limiter.processes.len() <= PROCESSES_MAX);
    let mut rest = Vec::new();
    assert!(limiter.is_hiding());
    limiter.tell(&mut rest);
    assert_eq!((rest.len(), told(&rest)), (1, 99_000));
    assert!(!limiter.is_hiding());
}

/// A flood that lasts a day is bounded, whatever names it uses; every record is written or counted.
#[test]
fn a_day_of_flood_is_bounded_and_nothing_is_lost() {
    let mut limiter = Limiter::default();
    let (mut n_written, mut n_told, mut n_all) = (0, 0, 0);
    for second in 0..86_400u64 {
        let now = UNIX_EPOCH + Duration::from_secs(second);
        let flood = (0..20u32).map(|n| denial("a", n % 7));
        let (out, _) = written(&mut limiter, flood, now);
        n_all += 20;
        n_told += told(&out);
        n_written += out
            .iter()
            .filter(|record| record.kind() == Kind::Denial)
            .count();
    }
    let mut rest = Vec::new();
    limiter.tell(&mut rest);
    assert_eq!(
        u64::try_from(n_written).unwrap() + n_told + told(&rest),
        n_all
    );
    assert!(n_written <= 1_000 + 5 * 86_400, "{n_written}");
}

/// Ever new components and processes keep the tables bounded.
#[test]
fn ever_new_names_are_bounded() {
    let mut limiter = Limiter::default();
    let flood = (0..50_000u32).map(|n| denial(&n.to_string(), n));
    let (out, counted) = written(&mut limiter, flood, UNIX_EPOCH);
    assert!(
        limiter.processes.len() <= PROCESSES_MAX && limiter.components.len() <= COMPONENTS_MAX + 4
    );
    assert_eq!(out.len() + counted, 50_000);
    assert!(out.len() < 5_000, "{}", out.len());
}

/// A clock that is set back stops nothing.
#[test]
fn a_clock_set_back_is_survived() {
    let mut limiter = Limiter::default();
    let late = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let flood = |n: u32| (0..n).map(|_| denial("a", 1));
    assert_eq!(written(&mut limiter, flood(200), late).0.len(), 100);
    assert_eq!(written(&mut limiter, flood(200), UNIX_EPOCH).0.len(), 0);
    let soon = UNIX_EPOCH + Duration::from_secs(2);
    let (out, _) = written(&mut limiter, flood(10), soon);
    assert_eq!((out.len(), told(&out)), (3, 300));
}
