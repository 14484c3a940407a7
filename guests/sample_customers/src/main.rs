//! A customer, who places orders one after the other, each until it is acknowledged.
//!
//! Arguments: the numbers of the first and the last order, and the services to turn to, one after the other. With
//! `--aloud` before them he prints a line for every order that was acknowledged.
//!
//! Customers come as a pool. Each takes the first free name of `customer-1`, `customer-2` and so on, which is part of the
//! ids of his orders; so whoever is started in the place of one that ended places the same orders again.

#![forbid(unsafe_code)]

use std::fmt::Display;
use std::io::Write;

use rusm_sdk::mailbox::{self, Selector};
use rusm_sdk::registry::{self, NameError};
use rusm_sdk::server::{self, CallError};
use rusm_sdk::{ExitReason, process};
use sample_orders::{CUSTOMERS, HERE, Order, Receipt, Refused};

fn main() {
    let Some(errand) = Errand::read(std::env::args().skip(1)) else {
        fail("give the numbers of the first and the last order and the service in args");
    };
    let me = claim();
    // Before the first look for a service.
    registry::join(CUSTOMERS);
    for number in errand.first..=errand.last {
        let order = order(&me, number);
        let receipt = place(&order, &errand.services);
        if errand.is_aloud {
            let _unread = writeln!(
                std::io::stdout(),
                "acknowledged {} {} {} {}",
                order.id,
                order.item,
                order.quantity,
                if receipt.is_new { "new" } else { "known" },
            );
        }
    }
}

/// What the arguments say.
#[derive(Debug)]
struct Errand {
    first: u64,
    last: u64,
    services: Vec<String>,
    is_aloud: bool,
}

impl Errand {
    fn read(args: impl Iterator<Item = String>) -> Option<Self> {
        let mut args = args.peekable();
        let is_aloud = args.next_if(|arg| arg == "--aloud").is_some();
        let first = args.next()?.parse().ok()?;
        let last = args.next()?.parse().ok()?;
        let services: Vec<String> = args.collect();
        (!services.is_empty()).then_some(Self {
            first,
            last,
            services,
            is_aloud,
        })
    }
}

/// Takes the first name that is free.
fn claim() -> String {
    for number in 1_u64.. {
        let name = format!("customer-{number}");
        match registry::register(&name) {
            Ok(()) => return name,
            Err(NameError::Taken) => {}
            Err(error @ NameError::Invalid) => fail(error),
        }
    }
    fail("all names are taken")
}

/// The same number is always the same order.
fn order(customer: &str, number: u64) -> Order {
    let item = match number % 3 {
        0 => "rice",
        1 => "salt",
        _ => "tea",
    };
    Order {
        id: format!("{customer}-{number}"),
        item: item.to_owned(),
        quantity: number % 9 + 1,
    }
}

/// Asks until there is an answer. No answer can mean that the order was counted, and can mean that it was not.
fn place(order: &Order, services: &[String]) -> Receipt {
    for service in services.iter().cycle() {
        let answer = server::call(service.as_str(), order);
        match answer {
            Ok(Ok(receipt)) => return receipt,
            Ok(Err(Refused(why))) => fail(why),
            Err(CallError::Exited(_) | CallError::Timeout) => wait_for_one_of(services),
            Err(error) => fail(format_args!("cannot place order {}: {error}", order.id)),
        }
    }
    fail("there is no service to turn to")
}

/// Returns when a service is there, which may of course end again.
fn wait_for_one_of(services: &[String]) {
    let is_there = |service: &String| registry::whereis(service).is_some();
    while !services.iter().any(is_there) {
        mailbox::receive_where(&Selector::any().tags([HERE]));
    }
}

fn fail(why: impl Display) -> ! {
    process::exit(&ExitReason::Error(why.to_string()))
}
