//! One write transaction for a group of batches.

use crate::apply::{PlanError, Tables};
use crate::batch::{Batch, Outcome};
use crate::clock::Clock;
use crate::courtesy;
use crate::engine::Engine;
use crate::gate::{Answer, Request};
use redb::{TableDefinition, WriteTransaction};

/// Entries that have expired and are removed by one commit, beyond twice the number of its operations: more
/// than it can add.
const SWEPT: usize = 256;
/// The same where pages are scarce: each may need some of them before it gives any back.
const SWEPT_WHEN_TIGHT: usize = 16;
/// Entries that fill a page each.
const RESERVE: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("reserve");
const RESERVE_VALUE: [u8; 3_000] = [0; 3_000];
/// Pages that a transaction which puts something leaves free: one for every so many that the file may have.
const PAGES_PER_RESERVED: u64 = 8;
const RESERVED_LEAST: u64 = 56;
const RESERVED_MOST: u64 = 256;
/// Pages that a transaction which only deletes leaves free: the commit itself takes some.
const RESERVED_FOR_COMMIT: u64 = 24;
/// Pages that a commit of nothing leaves free, in order to get back those that others have given back.
const RESERVED_FOR_FLUSH: u64 = 10;
const PAGE_BYTES: u64 = 4096;

/// What became of a group.
pub(crate) enum Attempt {
    /// One answer each. If `wrote`, they rest on the last sync; otherwise there was nothing to write.
    Done { answers: Vec<Answer>, wrote: bool },
    /// They do not fit into the file. Nothing has happened.
    Over,
}

/// Applies a group in order, with those that `more` adds behind it as long as it adds any, and commits; the sync is
/// [owed](Engine::commit_owing). An error leaves it open what is written, and the store must take no more writes.
pub(crate) fn attempt(
    engine: &Engine,
    group: &mut Vec<Request>,
    more: &mut dyn FnMut(&mut Vec<Request>) -> bool,
    clock: &dyn Clock,
) -> Result<Attempt, String> {
    let txn = engine.begin().map_err(text)?;
    let mut tables = Tables::open(&txn).map_err(text)?;
    let mut answers = Vec::with_capacity(group.len());
    let mut changed = false;
    let mut now_ms;
    loop {
        // Again, as an entry must not expire before its time.
        now_ms = clock.now_ms();
        for request in group.iter().skip(answers.len()) {
            let answer = apply(&mut tables, &request.batch, now_ms, &mut changed)?;
            answers.push(answer);
        }
        if !more(group) {
            break;
        }
    }
    if !changed {
        drop(tables);
        txn.abort().map_err(text)?;
        return Ok(Attempt::Done {
            answers,
            wrote: false,
        });
    }
    let is_tight = engine.disk().is_tight();
    let ops: usize = group.iter().map(|request| request.batch.ops().len()).sum();
    let swept = if is_tight {
        SWEPT_WHEN_TIGHT
    } else {
        SWEPT.saturating_add(ops.saturating_mul(2))
    };
    tables.sweep(now_ms, swept).map_err(text)?;
    tables.finish().map_err(text)?;
    let pages = match group.iter().any(|request| request.batch.takes_room()) {
        true => engine.disk().most().unwrap_or(0) / PAGE_BYTES / PAGES_PER_RESERVED,
        false => 0,
    };
    let reserved = match pages {
        0 => RESERVED_FOR_COMMIT,
        _ => pages.clamp(RESERVED_LEAST, RESERVED_MOST),
    };
    if !finish(engine, txn, reserved, Engine::commit_owing)? {
        return Ok(Attempt::Over);
    }
    Ok(Attempt::Done {
        answers,
        wrote: true,
    })
}

/// What a batch is answered with. Says whether it changed anything.
fn apply(
    tables: &mut Tables<'_>,
    batch: &Batch,
    now_ms: u64,
    changed: &mut bool,
) -> Result<Answer, String> {
    courtesy::step();
    match tables.plan(batch, now_ms) {
        Ok(plan) => {
            *changed |= tables.write(&plan).map_err(text)?;
            let results = plan.results;
            Ok(Ok(Outcome { results }))
        }
        Err(PlanError::Refused(error)) => Ok(Err(error)),
        Err(PlanError::Storage(error)) => Err(text(error)),
    }
}

/// Removes up to `most` entries that have expired, in a transaction of its own; says whether there were any, and
/// room for it.
pub(crate) fn reclaim(engine: &Engine, now_ms: u64, most: usize) -> Result<bool, String> {
    let txn = engine.begin().map_err(text)?;
    let mut tables = Tables::open(&txn).map_err(text)?;
    let swept = tables.sweep(now_ms, most).map_err(text)?;
    tables.finish().map_err(text)?;
    if !swept {
        txn.abort().map_err(text)?;
        return Ok(false);
    }
    finish(engine, txn, RESERVED_FOR_COMMIT, Engine::commit)
}

/// Commits nothing, by which redb uses again what commits before have given up and nobody reads any more; says
/// whether there was room even for that.
pub(crate) fn flush(engine: &Engine) -> Result<bool, String> {
    let txn = engine.begin().map_err(text)?;
    finish(engine, txn, RESERVED_FOR_FLUSH, Engine::commit)
}

/// Commits, or aborts if the file would outgrow its bound; says which.
fn finish(
    engine: &Engine,
    txn: WriteTransaction,
    reserved: u64,
    commit: impl FnOnce(&Engine, WriteTransaction) -> Result<(), String>,
) -> Result<bool, String> {
    if engine.disk().is_tight() {
        keep_free(&txn, reserved)?;
    }
    if engine.disk().is_over() {
        txn.abort().map_err(text)?;
        return Ok(false);
    }
    commit(engine, txn)?;
    Ok(true)
}

/// Takes pages and gives them back before the commit, so that so many are left: for the commit itself, which cannot be
/// refused any more, and for deletes, which need some pages before they free any.
fn keep_free(txn: &WriteTransaction, pages: u64) -> Result<(), String> {
    let mut table = txn.open_table(RESERVE).map_err(text)?;
    for page in 0..pages {
        table.insert(page, RESERVE_VALUE.as_slice()).map_err(text)?;
    }
    drop(table);
    txn.delete_table(RESERVE).map_err(text)?;
    Ok(())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
