//! The order app is killed with SIGKILL fifty times, and each time goes on with the same file: no order that was
//! acknowledged is lost, none is counted twice.
//!
//! Two services, one on each guest path, count into one bucket, and four customers place orders with both. Each new
//! order whose id ends in 7 is the death of the service that counts it, before it has said so. After every kill the
//! store is read by this test, from a copy, so that the node itself has to recover the file it left behind.

mod books;
mod node;

use std::collections::BTreeMap;

use rusm_sim::{Dice, for_each_seed};

use self::books::Books;
use self::node::{End, Shop};

const ROUNDS: u32 = 50;
/// What every customer would place in a round, if the node were not killed long before.
const ORDERS: u64 = 2_000;

/// What the customers know: the orders that were acknowledged, by customer and number.
#[derive(Debug, Default)]
struct Acknowledged {
    orders: BTreeMap<(String, u64), Order>,
}

/// An item and a number of pieces.
type Order = (String, u64);

/// An acknowledgement as a customer prints it.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    id: (String, u64),
    order: Order,
    is_new: bool,
}

/// `customer-3-14`
fn id_of(text: &str) -> Option<(String, u64)> {
    let (customer, number) = text.rsplit_once('-')?;
    Some((customer.to_owned(), number.parse().ok()?))
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("acknowledged ")?.split(' ');
        Some(Self {
            id: id_of(words.next()?)?,
            order: (words.next()?.to_owned(), words.next()?.parse().ok()?),
            is_new: words.next()? == "new",
        })
    }
}

impl Acknowledged {
    /// An order is new once. (It may never have been: then its service died before it could say so.)
    fn add(&mut self, line: Line) {
        let known = self.orders.insert(line.id.clone(), line.order.clone());
        assert!(
            known.is_none() || !line.is_new,
            "{line:?} is new for the second time"
        );
        let known = known.unwrap_or_else(|| line.order.clone());
        assert_eq!(known, line.order, "{:?} has become another order", line.id);
    }

    /// How many orders a customer has acknowledged, and with them all before: he places them in order.
    fn of(&self, customer: &str) -> u64 {
        let numbers = self.orders.keys().filter(|(who, _)| who == customer);
        numbers.map(|(_, number)| *number).max().unwrap_or(0)
    }

    /// The first order of the next round: some that everybody knows are placed again.
    fn first(&self, again: u64) -> u64 {
        let least = node::CUSTOMERS.iter().map(|customer| self.of(customer));
        least.min().unwrap_or(0).saturating_sub(again) + 1
    }

    /// All that was acknowledged is in the books, as it was; and nobody is ahead by more than the one order that
    /// he waits for.
    fn check(&self, books: &Books) {
        for ((customer, number), order) in &self.orders {
            let found = books.order(customer, *number);
            assert_eq!(found, Some(order), "{customer}-{number} is acknowledged");
        }
        for customer in node::CUSTOMERS {
            let (placed, acknowledged) = (books.placed_by(customer), self.of(customer));
            assert!(
                (acknowledged..=acknowledged + 1).contains(&placed),
                "{customer}: {placed} orders in the books, {acknowledged} acknowledged"
            );
        }
    }
}

fn round(shop: &Shop, dice: &mut Dice, known: &mut Acknowledged) {
    let first = known.first(dice.below(4));
    let end = End::at_random(dice);
    let run = shop.run(first, first + ORDERS, end);
    for line in run.acknowledged() {
        known.add(line);
    }
    let books = shop.books();
    books.check();
    known.check(&books);
}

/// The last round is not killed: everybody comes to his end, and the app says what there is.
fn last_round(shop: &Shop, known: &mut Acknowledged) {
    let furthest = node::CUSTOMERS.iter().map(|customer| known.of(customer));
    // Ten more each, of which one ends in 7.
    let last = furthest.max().unwrap_or(0) + 10;
    let run = shop.run(known.first(3), last, End::Natural);
    for line in run.acknowledged() {
        known.add(line);
    }
    let n_orders = last * u64::try_from(node::CUSTOMERS.len()).unwrap();
    let expected = format!("orders: {n_orders} placed, {n_orders} counted, ");
    let said = run
        .stdout
        .lines()
        .filter(|line| line.starts_with(&expected));
    // Each of the two services says so.
    assert_eq!(said.count(), 2, "{run:#?}");
    assert!(!run.stdout.contains("DO NOT AGREE"), "{run:#?}");
    assert!(run.stderr.contains("crashed: trap"), "{run:#?}");
    let books = shop.books();
    books.check();
    known.check(&books);
}

#[test]
fn no_order_is_lost_or_counted_twice_when_the_node_is_killed_fifty_times() {
    for_each_seed(env!("CARGO_PKG_NAME"), 1, |seed| {
        let shop = Shop::open();
        let (mut dice, mut known) = (Dice::new(seed), Acknowledged::default());
        for _ in 0..ROUNDS {
            round(&shop, &mut dice, &mut known);
        }
        last_round(&shop, &mut known);
    });
}
