//! A server with a store in a folder of its own, clients that write bytes, and a time that the test moves.

use rusm_control::{Client, Deed, Router, Server, Socket, Time, Waiting};
use rusm_kv::{Options, Store};
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) path: PathBuf,
    pub(crate) time: Arc<ManualTime>,
    pub(crate) deeds: Arc<Mutex<Vec<Deed>>>,
    pub(crate) store: Arc<Mutex<Option<Store>>>,
    // Behind what runs on it.
    _reactor: Runtime,
    _folder: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> House {
        House::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.redb"), options).unwrap();
        House::in_folder(folder, Some(store))
    }

    /// Writes 32 MiB, an export of which fits into no buffer.
    pub(crate) fn fill(&self) -> Client {
        let client = self.client();
        for key in 0..8 {
            let value = vec![7; 4 << 20];
            client.put("b", &key.to_string(), value, None).unwrap();
        }
        client
    }

    pub(crate) fn without_store() -> House {
        House::in_folder(tempfile::tempdir().unwrap(), None)
    }

    fn in_folder(folder: tempfile::TempDir, store: Option<Store>) -> House {
        let path = folder.path().join("rusm.sock");
        // As a node has it: one thread for everything that must not be held up.
        let reactor = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let deeds = Arc::new(Mutex::new(Vec::new()));
        let store = Arc::new(Mutex::new(store));
        let (written_down, of_router) = (Arc::clone(&deeds), Arc::clone(&store));
        let router = Router::new().with_store(
            move || of_router.lock().unwrap().clone(),
            move |deed| {
                written_down.lock().unwrap().push(deed);
            },
        );
        let time = Arc::new(ManualTime::default());
        let socket = Socket::bind(&path).unwrap();
        let clock = Arc::clone(&time) as Arc<dyn Time>;
        House {
            server: Server::start_with(socket, router, reactor.handle(), clock).unwrap(),
            path,
            store,
            time,
            deeds,
            _reactor: reactor,
            _folder: folder,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.path).unwrap()
    }

    pub(crate) fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path).unwrap()
    }

    /// Sends bytes and nothing more; what comes back until the node closes the connection.
    pub(crate) fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The node may have answered and gone before it is all sent.
        let _gone = stream.write_all(bytes);
        let _gone = stream.shutdown(Shutdown::Write);
        heard(stream)
    }

    /// The status of the answer and its body, for a request without one.
    pub(crate) fn ask(&self, method: &str, target: &str) -> (u16, String) {
        answer(&self.say(format!("{method} {target} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()))
    }

    /// It still answers, as if nothing had been.
    pub(crate) fn is_well(&self) {
        let client = self.client();
        client.put("well", "k", "v", None).unwrap();
        assert_eq!(client.get("well", "k").unwrap().unwrap().value, b"v");
    }
}

/// What comes until the connection ends.
pub(crate) fn heard(mut stream: UnixStream) -> String {
    let mut bytes = Vec::new();
    // A reset behind an answer is an end, too.
    let _reset = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Status and body of an answer.
pub(crate) fn answer(text: &str) -> (u16, String) {
    let status = text
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    let status = status.unwrap_or_else(|| panic!("no answer: {text:?}"));
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// The code of an error of JSON.
pub(crate) fn code(body: &str) -> String {
    let error: serde_json::Value =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body:?}"));
    let error = error.get("error").unwrap();
    assert!(error.get("message").unwrap().is_string());
    error.get("code").unwrap().as_str().unwrap().to_owned()
}

/// A time that passes when the test says so.
#[derive(Default)]
pub(crate) struct ManualTime {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    now: Duration,
    /// How many waits were ever begun.
    n_begun: usize,
    waiting: Vec<(Duration, oneshot::Sender<()>)>,
}

impl ManualTime {
    /// Waits until so many waits have been begun and not given up, each for at least so long.
    pub(crate) fn until_waiting(&self, count: usize, at_least: Duration) {
        let mut state = self.state.lock().unwrap();
        loop {
            state.waiting.retain(|(_, wake)| !wake.is_closed());
            let until = state.now + at_least;
            if state.waiting.iter().filter(|(at, _)| *at >= until).count() >= count {
                return;
            }
            // What is given up is not told.
            let pause = Duration::from_millis(5);
            state = self.changed.wait_timeout(state, pause).unwrap().0;
        }
    }

    /// How many waits were ever begun.
    pub(crate) fn n_begun(&self) -> usize {
        self.state.lock().unwrap().n_begun
    }

    /// Waits until more waits were begun than so many.
    pub(crate) fn until_begun_beyond(&self, n_begun: usize) {
        let state = self.state.lock().unwrap();
        let more = self
            .changed
            .wait_while(state, |state| state.n_begun <= n_begun);
        drop(more.unwrap());
    }

    pub(crate) fn pass(&self, time: Duration) {
        let mut state = self.state.lock().unwrap();
        state.now += time;
        let now = state.now;
        let (due, left) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        state.waiting = left;
        drop(state);
        let due: Vec<(Duration, oneshot::Sender<()>)> = due;
        due.into_iter().for_each(|(_, wake)| drop(wake));
    }
}

impl Time for ManualTime {
    fn now(&self) -> Duration {
        self.state.lock().unwrap().now
    }

    fn wait(&self, time: Duration) -> Waiting {
        let (wake, woken) = oneshot::channel();
        let mut state = self.state.lock().unwrap();
        state.n_begun += 1;
        if !time.is_zero() {
            let at = state.now + time;
            state.waiting.push((at, wake));
        }
        self.changed.notify_all();
        Box::pin(async move {
            let _dropped = woken.await;
        })
    }
}
