//! Servers of this machine for guests to talk to, and a resolver whose answers a test decides: [`Server`], [`Names`].

use crate::support::PATIENCE;
use parking_lot::Mutex;
use rusm_core::{ResolveError, Resolver, Resolving};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

/// Takes connections one after the other, each on its own thread, and hands them to a test's function.
pub(crate) struct Server {
    pub(crate) port: u16,
    arrivals: Receiver<String>,
}

impl Server {
    /// Reads a request, the body of a `POST` by its chunks, and writes what `answer` makes of its head.
    pub(crate) fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::speaking(move |stream, head| {
            if head.starts_with("POST") {
                read_until(stream, "\r\n0\r\n\r\n");
            }
            // A guest that gave up is part of some tests.
            let _ = stream.write_all(answer(head).as_bytes());
        })
    }

    /// Answers every request with this body.
    pub(crate) fn saying(body: &'static str) -> Self {
        Self::answering(move |_| response("200 OK", "", body))
    }

    /// Reads the head of a request and leaves the rest to `speak`.
    pub(crate) fn speaking(speak: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> Self {
        Self::of_connections(move |mut stream, arrived| {
            let head = read_head(&mut stream);
            arrived(head.clone());
            speak(&mut stream, &head);
        })
    }

    /// Leaves a connection to `serve`, which says when something has arrived.
    pub(crate) fn of_connections(
        serve: impl Fn(TcpStream, &dyn Fn(String)) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on");
        let port = listener.local_addr().expect("it is bound").port();
        let (tell, arrivals) = mpsc::channel();
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tell, serve) = (tell.clone(), Arc::clone(&serve));
                thread::spawn(move || {
                    // The test may be over.
                    serve(stream, &|what| drop(tell.send(what)));
                });
            }
        });
        Self { port, arrivals }
    }

    pub(crate) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What arrived next.
    #[track_caller]
    pub(crate) fn arrival(&self) -> String {
        let arrival = self.arrivals.recv_timeout(PATIENCE);
        arrival.expect("something arrives in time")
    }

    /// Nothing has arrived that was not asked for.
    #[track_caller]
    pub(crate) fn was_left_alone(&self) {
        assert_eq!(self.arrivals.try_recv(), Err(TryRecvError::Empty));
    }
}

/// A whole response.
pub(crate) fn response(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{fields}\r\n{body}")
}

fn read_head(stream: &mut impl Read) -> String {
    read_until(stream, "\r\n\r\n")
}

/// What comes until this end, or until there comes no more.
pub(crate) fn read_until(stream: &mut impl Read, end: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(end.as_bytes()) && stream.read_exact(&mut byte).is_ok() {
        text.extend(byte);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// One answer of a resolver.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Addresses(Vec<IpAddr>),
    Fails(ResolveError),
}

impl Answer {
    pub(crate) fn of(addresses: &[&str]) -> Self {
        let read = |text: &&str| text.parse().expect("it is an address");
        Self::Addresses(addresses.iter().map(read).collect())
    }
}

/// A resolver that knows what the test told it. Of several answers for a name each is given once, the last for ever.
#[derive(Default)]
pub(crate) struct Names {
    answers: Mutex<BTreeMap<String, VecDeque<Answer>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn new<'a>(answers: impl IntoIterator<Item = (&'a str, Vec<Answer>)>) -> Arc<Self> {
        let answers = answers.into_iter();
        let answers = answers.map(|(name, answers)| (name.to_owned(), answers.into()));
        Arc::new(Self {
            answers: Mutex::new(answers.collect()),
            asked: Mutex::default(),
        })
    }

    /// Every name that it was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }
}

impl Resolver for Names {
    fn resolve(&self, name: &Arc<str>) -> Resolving {
        self.asked.lock().push(name.to_string());
        let mut answers = self.answers.lock();
        let answer = answers.get_mut(&**name).and_then(|answers| {
            let last = answers.back().cloned();
            answers.pop_front().inspect(|_| {
                if answers.is_empty() {
                    answers.extend(last);
                }
            })
        });
        match answer.unwrap_or(Answer::Fails(ResolveError::NotFound)) {
            Answer::Addresses(addresses) => Box::pin(std::future::ready(Ok(addresses))),
            Answer::Fails(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}
