//! What the store holds, read without any of the code that wrote it but the store's own: [`Books`].

use std::collections::BTreeMap;
use std::path::Path;

use rusm_kv::{Options, Store};
use serde_json::Value;

use super::{Order, id_of};

/// Orders and totals, by id and by item.
#[derive(Debug, Default)]
pub(crate) struct Books {
    orders: BTreeMap<(String, u64), Order>,
    /// Orders and pieces.
    totals: BTreeMap<String, (u64, u64)>,
}

impl Books {
    /// Reads a file, which may have been left behind in any state; none is no orders.
    pub(crate) fn read(file: &Path) -> Self {
        let mut books = Self::default();
        if !file.exists() {
            return books;
        }
        let store = Store::open_existing(file, Options::default()).unwrap();
        let snapshot = store.read().unwrap();
        let buckets = snapshot.buckets(None, 10).unwrap().buckets;
        assert!(buckets.iter().all(|bucket| bucket.name == "orders"));
        let mut start = None;
        loop {
            let page = snapshot.list("orders", "", start.as_deref(), 1_000, 1 << 20);
            let page = page.unwrap();
            for entry in page.entries {
                books.add(&entry.key, &serde_json::from_slice(&entry.value).unwrap());
            }
            start = page.next;
            if start.is_none() {
                return books;
            }
        }
    }

    fn add(&mut self, key: &str, value: &Value) {
        let number = |name: &str| value[name].as_u64().unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        match key.split_once('/') {
            Some(("order", id)) => {
                assert_eq!(value["id"], id);
                let order = (text("item"), number("quantity"));
                self.orders.insert(id_of(id).unwrap(), order);
            }
            Some(("total", item)) => {
                let total = (number("orders"), number("pieces"));
                self.totals.insert(item.to_owned(), total);
            }
            _ => panic!("nobody writes the key {key}"),
        }
    }

    pub(crate) fn order(&self, customer: &str, number: u64) -> Option<&Order> {
        self.orders.get(&(customer.to_owned(), number))
    }

    /// How many orders of a customer there are. They are his first ones, none left out.
    pub(crate) fn placed_by(&self, customer: &str) -> u64 {
        let numbers = self.orders.keys().filter(|(who, _)| who == customer);
        let mut n_orders = 0;
        for ((_, number), expected) in numbers.zip(1..) {
            assert_eq!(*number, expected, "an order of {customer} is missing");
            n_orders = expected;
        }
        n_orders
    }

    /// The totals are those of the orders.
    pub(crate) fn check(&self) {
        let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for (item, quantity) in self.orders.values() {
            let (orders, pieces) = expected.entry(item.clone()).or_default();
            *orders += 1;
            *pieces += quantity;
        }
        assert_eq!(
            self.totals, expected,
            "counted, and summed up from the orders"
        );
    }
}
