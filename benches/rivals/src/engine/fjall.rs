//! fjall: a batch, and the journal made durable by `fdatasync`, as the others do.

use super::{Engine, Put, Writer};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::path::Path;

#[derive(Clone)]
pub(super) struct Fjall {
    database: Database,
    keyspace: Keyspace,
}

impl Fjall {
    pub(super) fn open(folder: &Path) -> Self {
        let database = Database::builder(folder.join("fjall")).open();
        let database = database.expect("a new folder can be made");
        let keyspace = database.keyspace("puts", KeyspaceCreateOptions::default);
        let keyspace = keyspace.expect("a keyspace can be made");
        Self { database, keyspace }
    }
}

impl Engine for Fjall {
    fn writer(&self) -> Box<dyn Writer + Send> {
        Box::new(self.clone())
    }
}

impl Writer for Fjall {
    fn commit(&mut self, puts: &[Put]) {
        let mut batch = self.database.batch();
        for (key, value) in puts {
            batch.insert(&self.keyspace, key.as_str(), value.as_slice());
        }
        batch.commit().expect("the disk has room");
        let synced = self.database.persist(PersistMode::SyncData);
        synced.expect("the disk works");
    }
}
