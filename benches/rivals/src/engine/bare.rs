//! No store at all: a value appended to a file, and `fdatasync`. What the disk itself gives.

use super::{Engine, Put, Writer};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

pub(super) struct File(Arc<Mutex<fs::File>>);

impl File {
    pub(super) fn open(folder: &Path) -> Self {
        let file = fs::File::create(folder.join("bare")).expect("the folder can be written to");
        Self(Arc::new(Mutex::new(file)))
    }
}

impl Engine for File {
    fn writer(&self) -> Box<dyn Writer + Send> {
        Box::new(Self(Arc::clone(&self.0)))
    }
}

impl Writer for File {
    fn commit(&mut self, puts: &[Put]) {
        let mut file = self.0.lock().expect("nobody panics with the lock");
        for (_, value) in puts {
            file.write_all(value).expect("the disk has room");
        }
        file.sync_data().expect("the disk works");
    }
}
