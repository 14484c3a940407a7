//! What is said to the service that takes orders, and what it answers.
//!
//! **Every order is counted once.** Whoever places one gives it an id, and places it again, with the same id, until
//! it is acknowledged: a service that has ended, or a node that was switched off, may have counted it or not, and
//! only asking again can tell. The service looks whether it knows the order and counts it in one transaction, so there is no
//! moment at which one of the two has happened. What it has acknowledged is on disk.
//!
//! **Nobody waits for time to pass.** A customer who finds no service waits for a message: he joins [`CUSTOMERS`]
//! before he looks, and a service registers its name before it greets that group. So either he finds the service, or
//! its greeting finds him.

#![forbid(unsafe_code)]

use rusm_sdk::wire::{Malformed, Reader, Wire};
use serde::{Deserialize, Serialize};

/// The group of those who place orders.
pub const CUSTOMERS: &str = "customers";

/// Service to customers: I am here.
pub const HERE: u64 = 1;

/// Some pieces of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// No other order has it.
    pub id: String,
    /// What is ordered.
    pub item: String,
    /// How many pieces, at least one.
    pub quantity: u64,
}

/// An order is counted and on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// It was not known before.
    pub is_new: bool,
    /// Pieces of its item that have been ordered in all.
    pub total: u64,
}

/// An order was not counted, and asking again would not help: why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl Wire for Order {
    fn write(&self, to: &mut Vec<u8>) {
        self.id.write(to);
        self.item.write(to);
        self.quantity.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (id, item, quantity) = Wire::read(from)?;
        Ok(Self { id, item, quantity })
    }
}

impl Wire for Receipt {
    fn write(&self, to: &mut Vec<u8>) {
        (self.is_new, self.total).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (is_new, total) = Wire::read(from)?;
        Ok(Self { is_new, total })
    }
}

impl Wire for Refused {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self(String::read(from)?))
    }
}
