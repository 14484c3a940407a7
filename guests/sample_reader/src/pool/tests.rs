//! The pool alone: whatever parsers do, every line ends in exactly one place.

use super::*;

fn pid(number: u64) -> Pid {
    Pid::from_u64(number).unwrap()
}

fn log(n_lines: u64) -> impl FnMut() -> Option<Line> {
    let mut numbers = 1..=n_lines;
    move || {
        numbers.next().map(|number| Line {
            number,
            bytes: vec![b'x'; 10],
        })
    }
}

fn assigned(pool: &mut Pool, to: Pid, next_line: impl FnMut() -> Option<Line>) -> Vec<u64> {
    pool.assign(to, next_line).map(|line| line.number).collect()
}

/// A parser that traps loses the line it was at; the others come back, in order, before new ones.
#[test]
fn the_line_it_died_of_is_not_tried_again() {
    let (mut pool, mut log) = (Pool::default(), log(3));
    assert!(pool.welcome(pid(1)));
    assert_eq!(assigned(&mut pool, pid(1), &mut log), [1, 2, 3]);
    assert_eq!(pool.acknowledge(pid(1), 1), Ok(()));
    pool.bury(pid(1), Cause::Line);
    assert_eq!((pool.n_crashes(), pool.is_at_rest()), (1, false));
    assert!(pool.welcome(pid(2)));
    assert_eq!(assigned(&mut pool, pid(2), &mut log), [3]);
    assert_eq!(pool.acknowledge(pid(2), 3), Ok(()));
    assert!(pool.is_at_rest());
}

/// A kill blames no line.
#[test]
fn a_killed_parser_loses_nothing() {
    let (mut pool, mut log) = (Pool::default(), log(2));
    pool.welcome(pid(1));
    assigned(&mut pool, pid(1), &mut log);
    pool.bury(pid(1), Cause::Other);
    pool.welcome(pid(2));
    assert_eq!(assigned(&mut pool, pid(2), &mut log), [1, 2]);
    assert_eq!(pool.n_crashes(), 0);
}

/// A parser that traps before it had any line, or after it answered all, costs no line.
#[test]
fn a_death_without_lines_is_no_crash_on_a_line() {
    let mut pool = Pool::default();
    pool.welcome(pid(1));
    pool.bury(pid(1), Cause::Line);
    assert_eq!((pool.n_crashes(), pool.is_at_rest()), (0, true));
}

/// Saying twice that one is there changes nothing.
#[test]
fn a_parser_is_welcomed_once() {
    let mut pool = Pool::default();
    assert!(pool.welcome(pid(1)));
    assigned(&mut pool, pid(1), log(1));
    assert!(!pool.welcome(pid(1)));
    assert!(!pool.is_at_rest());
}

/// Answers must come in order, and only for lines that were given.
#[test]
fn an_answer_out_of_order_is_an_error() {
    let mut pool = Pool::default();
    pool.welcome(pid(1));
    assigned(&mut pool, pid(1), log(2));
    assert!(pool.acknowledge(pid(1), 2).is_err());
    assert!(pool.acknowledge(pid(7), 1).is_err());
}

/// Long lines make small units, but never none; a parser with enough to do gets nothing.
#[test]
fn units_are_bounded() {
    let (mut pool, mut numbers) = (Pool::default(), 0);
    pool.welcome(pid(1));
    let mut long = || {
        numbers += 1;
        Some(Line {
            number: numbers,
            bytes: vec![0; UNIT_BYTES],
        })
    };
    assert_eq!(assigned(&mut pool, pid(1), &mut long).len(), 1);
    pool.welcome(pid(2));
    assert_eq!(assigned(&mut pool, pid(2), log(1_000)).len(), UNIT_LINES);
    assert_eq!(assigned(&mut pool, pid(2), log(1_000)).len(), 0);
}

/// Many parsers that die at every third line: the answers and the crashes are the log, each line once.
#[test]
fn no_line_is_lost_and_none_is_counted_twice() {
    let (mut pool, mut log) = (Pool::default(), log(10_000));
    let (mut answered, mut next_pid) = (Vec::new(), 1);
    loop {
        pool.welcome(pid(next_pid));
        let unit = assigned(&mut pool, pid(next_pid), &mut log);
        if unit.is_empty() {
            break;
        }
        let good: Vec<_> = unit
            .iter()
            .copied()
            .take_while(|number| number % 3 != 0)
            .collect();
        for number in &good {
            assert_eq!(pool.acknowledge(pid(next_pid), *number), Ok(()));
        }
        if good.len() < unit.len() {
            pool.bury(pid(next_pid), Cause::Line);
        }
        answered.extend(good);
        next_pid += 1;
    }
    answered.sort_unstable();
    let expected: Vec<_> = (1..=10_000).filter(|number| number % 3 != 0).collect();
    assert_eq!(answered, expected);
    assert_eq!(pool.n_crashes(), 3_333);
}
