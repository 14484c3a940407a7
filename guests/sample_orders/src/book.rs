//! The orders and their sums, on disk: [`Book`].
//!
//! Bucket `orders` has the order itself under `order/ID` and a [`Total`] under `total/ITEM`.

use std::collections::BTreeMap;
use std::fmt;

use rusm_sdk::kv::{Bucket, BucketError};
use sample_orders::{Order, Receipt};
use serde::{Deserialize, Serialize};

/// What has been counted of one item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Total {
    orders: u64,
    pieces: u64,
}

/// Why an order was not counted.
#[derive(Debug)]
pub(crate) enum NotCounted {
    /// It has the id of another order.
    OtherContent,
    /// It orders nothing, or more than can be counted.
    Quantity,
    Storage(BucketError),
}

impl fmt::Display for NotCounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherContent => f.write_str("there is another order with this id"),
            Self::Quantity => f.write_str("it orders nothing, or more than can be counted"),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl From<BucketError> for NotCounted {
    fn from(error: BucketError) -> Self {
        Self::Storage(error)
    }
}

impl Total {
    /// With one order more.
    fn with(self, quantity: u64) -> Option<Self> {
        Some(Self {
            orders: self.orders.checked_add(1)?,
            pieces: self.pieces.checked_add(quantity)?,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Book {
    orders: Bucket<Order>,
}

impl Book {
    pub(crate) fn open() -> Self {
        Self {
            orders: Bucket::new("orders"),
        }
    }

    /// Counts an order, unless it has been counted before. It is durable when this returns.
    pub(crate) fn count(&self, order: &Order) -> Result<Receipt, NotCounted> {
        let key = format!("order/{}", order.id);
        let sum = format!("total/{}", order.item);
        self.orders.transact(|tx| {
            let known = tx.get(&key)?;
            let is_new = known.is_none();
            if known.is_some_and(|known| known != *order) {
                return Err(NotCounted::OtherContent);
            }
            let mut total: Total = tx.of().get(&sum)?.unwrap_or_default();
            if is_new {
                let counts = order.quantity > 0;
                let with = total.with(order.quantity).filter(|_| counts);
                total = with.ok_or(NotCounted::Quantity)?;
                tx.put(&key, order)?;
                tx.of().put(&sum, &total)?;
            }
            Ok(Receipt {
                is_new,
                total: total.pieces,
            })
        })
    }

    /// Reads everything, and adds the orders up anew.
    pub(crate) fn audit(&self) -> Result<Audit, BucketError> {
        let mut placed: BTreeMap<String, Total> = BTreeMap::new();
        for entry in self.orders.prefix("order/") {
            let (_, order) = entry?;
            let total = placed.entry(order.item).or_default();
            *total = total.with(order.quantity).unwrap_or(*total);
        }
        let mut counted = BTreeMap::new();
        for entry in self.orders.of().prefix("total/") {
            let (key, total) = entry?;
            let item = key.strip_prefix("total/").unwrap_or(&key);
            counted.insert(item.to_owned(), total);
        }
        Ok(Audit { placed, counted })
    }
}

/// The orders, and what was counted of them, by item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Audit {
    placed: BTreeMap<String, Total>,
    counted: BTreeMap<String, Total>,
}

/// One line for people.
impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let orders = |totals: &BTreeMap<String, Total>| -> u64 {
            totals.values().map(|total| total.orders).sum()
        };
        let (placed, counted) = (orders(&self.placed), orders(&self.counted));
        write!(f, "orders: {placed} placed, {counted} counted")?;
        for (item, total) in &self.counted {
            write!(f, ", {} {item}", total.pieces)?;
        }
        if self.placed != self.counted {
            f.write_str(": THE BOOKS DO NOT AGREE")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(pieces: u64) -> BTreeMap<String, Total> {
        BTreeMap::from([("tea".to_owned(), Total { orders: 2, pieces })])
    }

    #[test]
    fn an_audit_is_one_line() {
        let audit = |placed, counted| {
            let (placed, counted) = (totals(placed), totals(counted));
            Audit { placed, counted }.to_string()
        };
        assert_eq!(audit(7, 7), "orders: 2 placed, 2 counted, 7 tea");
        assert_eq!(
            audit(6, 7),
            "orders: 2 placed, 2 counted, 7 tea: THE BOOKS DO NOT AGREE"
        );
    }

    #[test]
    fn a_total_never_wraps() {
        let full = Total {
            orders: 1,
            pieces: u64::MAX,
        };
        assert_eq!(full.with(1), None);
        let total = Total::default().with(3).unwrap();
        assert_eq!((total.orders, total.pieces), (1, 3));
    }
}
