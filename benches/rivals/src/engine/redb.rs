//! redb with its defaults: a write transaction, and a commit that is durable when it returns.

use super::{Engine, Put, Writer};
use redb::{Database, TableDefinition};
use std::path::Path;
use std::sync::Arc;

const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("puts");

pub(super) struct Redb(Arc<Database>);

impl Redb {
    pub(super) fn open(folder: &Path) -> Self {
        let database = Database::create(folder.join("redb")).expect("a new file can be made");
        Self(Arc::new(database))
    }
}

impl Engine for Redb {
    fn writer(&self) -> Box<dyn Writer + Send> {
        Box::new(Self(Arc::clone(&self.0)))
    }
}

impl Writer for Redb {
    fn commit(&mut self, puts: &[Put]) {
        let write = self.0.begin_write().expect("it has not failed before");
        {
            let mut table = write.open_table(TABLE).expect("it is of this type");
            for (key, value) in puts {
                let old = table.insert(key.as_str(), value.as_slice());
                old.expect("the disk has room");
            }
        }
        write.commit().expect("the disk works");
    }
}
