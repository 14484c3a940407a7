//! Takes orders by call, and counts each once however often it is sent.
//!
//! Argument: the name to register. When its supervisor ends it, it prints what is in the book.
//!
//! It is clumsy: of every new order whose id ends in 7 it dies at the worst moment, when the order is counted and
//! its customer does not know it yet. He asks again, the next service knows the order, and nothing is counted twice.

#![forbid(unsafe_code)]

mod book;

use std::convert::Infallible;
use std::io::Write;

use rusm_sdk::process::{self, ExitSignals};
use rusm_sdk::server::{self, Answer, Caller, Init, Next, Server};
use rusm_sdk::{ExitReason, registry};
use sample_orders::{CUSTOMERS, HERE, Order, Receipt, Refused};

use crate::book::Book;

fn main() {
    server::run(Desk::init);
}

/// Where orders are taken.
#[derive(Debug)]
struct Desk {
    book: Book,
}

impl Desk {
    fn init(args: Vec<String>) -> Init<Self> {
        let Some(name) = args.first() else {
            return stop("the name to register is missing: give it in args");
        };
        if let Err(error) = registry::register(name) {
            return stop(format_args!("the name '{name}': {error}"));
        }
        process::trap_exits(ExitSignals::Trapped);
        registry::broadcast(CUSTOMERS, HERE, &[]);
        let book = Book::open();
        Init::Ok(Self { book }, Next::Wait)
    }
}

fn stop(why: impl std::fmt::Display) -> Init<Desk> {
    Init::Stop(ExitReason::Error(why.to_string()))
}

impl Server for Desk {
    type Call = Order;
    type Reply = Result<Receipt, Refused>;
    type Cast = Infallible;

    fn handle_call(&mut self, order: Order, _from: Caller<Self::Reply>) -> Answer<Self::Reply> {
        let counted = self.book.count(&order);
        if counted.as_ref().is_ok_and(|receipt| receipt.is_new) && order.id.ends_with('7') {
            panic!("order {} is counted, and nobody knows", order.id);
        }
        let reply = counted.map_err(|error| Refused(format!("order {}: {error}", order.id)));
        Answer::Reply(reply, Next::Wait)
    }

    fn handle_cast(&mut self, cast: Infallible) -> Next {
        match cast {}
    }

    fn terminate(&mut self, _reason: &ExitReason) {
        let audit = self.book.audit().map(|audit| audit.to_string());
        let line = audit.unwrap_or_else(|error| format!("orders: cannot read the book: {error}"));
        // Whoever closed the output does not want to know.
        let _unread = writeln!(std::io::stdout(), "{line}");
    }
}
