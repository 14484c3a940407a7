//! A node with the order app, and its end: [`Shop`].

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};

use rusm_sim::Dice;

use super::Line;
use super::books::Books;
use crate::support::{Place, build_guests, typed};

/// The names that a pool of four takes.
pub(crate) const CUSTOMERS: [&str; 4] = ["customer-1", "customer-2", "customer-3", "customer-4"];

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is killed as soon as its process is there.
    AtOnce,
    /// It is killed when it opens the store: before, during or after its recovery.
    AtTheStore,
    /// It is killed with the first line of its log: a service has died, and is started again.
    AtTheFirstCrash,
    /// It is killed when so many new orders have been acknowledged.
    AfterNewOrders(u64),
    /// It is not killed.
    Natural,
}

impl End {
    pub(crate) fn at_random(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0 => Self::AtOnce,
            1 => Self::AtTheStore,
            2 => Self::AtTheFirstCrash,
            _ => Self::AfterNewOrders(1 + dice.below(20)),
        }
    }
}

/// What a run has printed.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    n_new: u64,
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Log,
}

impl Printed {
    /// Every acknowledgement that has been printed whole.
    pub(crate) fn acknowledged(&self) -> impl Iterator<Item = Line> {
        self.stdout.split_inclusive('\n').filter_map(whole)
    }

    /// Adds a line, and says which end this is the moment for.
    fn add(&mut self, stream: Stream, line: &str) -> End {
        match stream {
            Stream::Out => {
                self.stdout += line;
                self.n_new += u64::from(whole(line).is_some_and(|line| line.is_new));
                End::AfterNewOrders(self.n_new)
            }
            Stream::Log => {
                self.stderr += line;
                End::AtTheFirstCrash
            }
        }
    }
}

fn whole(line: &str) -> Option<Line> {
    Line::read(line.strip_suffix('\n')?)
}

/// The lines of both streams as they come.
fn listen(child: &mut Child) -> Receiver<(Stream, String)> {
    let (tell, heard) = channel();
    let read = |stream, from: Box<dyn Read + Send>| {
        let tell = tell.clone();
        std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = String::new();
            while from.read_line(&mut line).unwrap() > 0 {
                tell.send((stream, std::mem::take(&mut line))).unwrap();
            }
        });
    };
    read(Stream::Out, Box::new(child.stdout.take().unwrap()));
    read(Stream::Log, Box::new(child.stderr.take().unwrap()));
    heard
}

/// A folder with the app and its store.
pub(crate) struct Shop {
    place: Place,
    /// The two services, a component and a core module, and the customers.
    code: [String; 3],
}

impl Shop {
    /// Builds the guests, and has them compiled.
    pub(crate) fn open() -> Self {
        let components = build_guests("wasm32-wasip2", &["sample_orders", "sample_customers"]);
        let modules = build_guests("wasm32-wasip1", &["sample_orders"]);
        let code = [
            components.join("sample_orders.wasm"),
            modules.join("sample_orders.wasm"),
            components.join("sample_customers.wasm"),
        ];
        let shop = Self {
            place: Place::new(),
            code: code.map(|path| typed(&path)),
        };
        shop.write_manifest(1, 1);
        shop.place.rusm(["check"]).finish().ends_with(0);
        shop
    }

    fn write_manifest(&self, first: u64, last: u64) {
        let [component, module, customer] = &self.code;
        self.place.write(
            "rusm.toml",
            format!(
                r#"
[app]
name = "shop"

[node]
store = "shop.redb"

[components.orders-a]
wasm = {component:?}
capability = "orders"
args = ["orders-a"]

[components.orders-b]
wasm = {module:?}
capability = "orders"
args = ["orders-b"]

[components.customer]
wasm = {customer:?}
capability = "customer"
args = ["--aloud", "{first}", "{last}", "orders-a", "orders-b"]

[capabilities.orders]
allow-send = ["customer"]
allow-storage = {{ read = ["orders"], write = ["orders"] }}
allow-stdio = true

[capabilities.customer]
allow-send = ["orders-a", "orders-b"]
allow-stdio = true

[supervisors.shop]
auto-shutdown = "all-significant"
restart = "transient"
max-restarts = 1_000
children = [
  {{ component = "orders-a" }},
  {{ component = "orders-b" }},
  {{ component = "customer", count = 4, restart = "temporary", significant = true }},
]
"#
            ),
        );
    }

    /// Runs the app; every customer places the orders of these numbers.
    pub(crate) fn run(&self, first: u64, last: u64, end: End) -> Printed {
        self.write_manifest(first, last);
        let mut child = self.place.rusm(["run"]).start();
        let heard = listen(&mut child);
        match end {
            End::AtOnce => child.kill().unwrap(),
            End::AtTheStore => {
                self.wait_for_store(&mut child);
                child.kill().unwrap();
            }
            End::AtTheFirstCrash | End::AfterNewOrders(_) | End::Natural => {}
        }
        let mut printed = Printed::default();
        for (stream, line) in heard {
            if printed.add(stream, &line) == end {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        let natural = end == End::Natural;
        assert_eq!(status.code(), natural.then_some(0), "{end:?}: {printed:#?}");
        assert!(
            !printed.stderr.contains("panicked at crates"),
            "{printed:#?}"
        );
        printed
    }

    /// Until it has the file of the store open. Where the system does not tell, at once.
    fn wait_for_store(&self, child: &mut Child) {
        let store = self.place.path("shop.redb");
        let files = format!("/proc/{}/fd", child.id());
        while let Ok(files) = std::fs::read_dir(&files) {
            let mut open = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
            if open.any(|file| file == store) || child.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// What is in the store. It is read from a copy: to recover the file itself is the node's business.
    pub(crate) fn books(&self) -> Books {
        let (file, copy) = (self.place.path("shop.redb"), self.place.path("copy.redb"));
        if file.exists() {
            std::fs::copy(file, &copy).unwrap();
        }
        Books::read(&copy)
    }
}
