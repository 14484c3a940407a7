//! SQLite with a write-ahead log that is synced at every commit, and one connection for each writer.

use super::{Engine, Put, Writer};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a connection waits for the others.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) struct Sqlite(PathBuf);

struct Connected(Connection);

impl Sqlite {
    pub(super) fn open(folder: &Path) -> Self {
        let engine = Self(folder.join("sqlite"));
        let table = "create table puts (key text primary key, value blob not null) without rowid";
        let made = engine.connect().execute(table, []);
        made.expect("a new table can be made");
        engine
    }

    fn connect(&self) -> Connection {
        let connection = Connection::open(&self.0).expect("the file can be opened");
        let patient = connection.busy_timeout(PATIENCE);
        patient.expect("the time can be set");
        for (name, value) in [("journal_mode", "wal"), ("synchronous", "full")] {
            let set = connection.pragma_update(None, name, value);
            set.expect("SQLite knows it");
        }
        connection
    }
}

impl Engine for Sqlite {
    fn writer(&self) -> Box<dyn Writer + Send> {
        Box::new(Connected(self.connect()))
    }
}

impl Writer for Connected {
    fn commit(&mut self, puts: &[Put]) {
        let text = "insert or replace into puts values (?1, ?2)";
        let run = |sql| {
            let mut statement = self.0.prepare_cached(sql).expect("it is SQL");
            statement.execute([]).expect("the disk works");
        };
        run("begin immediate");
        {
            let mut insert = self.0.prepare_cached(text).expect("it is SQL");
            for (key, value) in puts {
                insert
                    .execute(params![key, value])
                    .expect("the disk has room");
            }
        }
        run("commit");
    }
}
