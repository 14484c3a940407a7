//! The control socket of a runtime: the operator and the guests share one store, and the end of the node waits for neither.

use parking_lot::Mutex;
use rusm_control::{Action, Client, ClientError, Deed, Socket};
use rusm_core::{Runtime, RuntimeEvent, RuntimeObserver};
use rusm_kv::{Batch, Options, Store};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Default)]
struct Deeds(Mutex<Vec<Deed>>);

impl RuntimeObserver for Deeds {
    fn observe(&self, event: &RuntimeEvent) {
        if let RuntimeEvent::Operated(deed) = event {
            self.0.lock().push(deed.clone());
        }
    }
}

struct Node {
    runtime: Runtime,
    deeds: Arc<Deeds>,
    socket: PathBuf,
    store: PathBuf,
}

fn open(path: &Path) -> Store {
    Store::open(path, Options::default()).expect("it can be made here")
}

fn node(folder: &Path) -> Node {
    let (socket, store) = (folder.join("rusm.sock"), folder.join("store.redb"));
    let deeds = Arc::new(Deeds::default());
    let runtime = Runtime::builder()
        .workers(1)
        .store(open(&store))
        .observer(Arc::clone(&deeds) as Arc<dyn RuntimeObserver>)
        .build()
        .expect("the machine can run a node");
    let listening = Socket::bind(&socket).expect("nobody listens here");
    runtime.control(listening).expect("the reactor takes it");
    Node {
        runtime,
        deeds,
        socket,
        store,
    }
}

/// What the one side writes the other reads, and what the operator did is reported.
#[test]
fn the_operator_has_the_store_of_the_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path());
    let client = Client::connect(&node.socket).unwrap();
    client.put("b", "theirs", "v", None).unwrap();
    let store = node.runtime.store().unwrap();
    let read = store.read().unwrap().get("b", "theirs").unwrap();
    assert_eq!(read.as_deref(), Some(&b"v"[..]));
    let ours = Batch::new("b").unwrap().put("ours", "w");
    store.submit(ours).wait().unwrap();
    assert_eq!(client.get("b", "ours").unwrap().unwrap().value, b"w");
    let deeds: Vec<Action> = node.deeds.0.lock().iter().map(|deed| deed.action).collect();
    assert_eq!(deeds, [Action::Put]);
    drop(store);
    node.runtime.shutdown();
}

/// Clients that hang in the middle of a request hold neither the end of the node nor its store.
#[test]
fn a_runtime_that_ends_gives_its_socket_and_its_store_back() {
    for request in [
        "",
        "GET /v1/kv",
        "PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 10\r\n\r\nhalf",
        "POST /v1/kv/batch HTTP/1.1\r\ncontent-length: 10\r\n\r\nhalf",
        "GET /v1/kv/export HTTP/1.1\r\n\r\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let node = node(folder.path());
        let client = Client::connect(&node.socket).unwrap();
        for key in ["k1", "k2", "k3"] {
            client.put("b", key, vec![0; 4 << 20], None).unwrap();
        }
        let mut hanging = UnixStream::connect(&node.socket).unwrap();
        hanging.write_all(request.as_bytes()).unwrap();
        if request.contains("export") {
            hanging.read_exact(&mut [0; 10]).unwrap();
        }
        node.runtime.shutdown();
        assert!(!node.socket.exists());
        let refused = client.status();
        assert!(matches!(refused, Err(ClientError::NobodyListens(_))));
        let store = open(&node.store);
        assert_eq!(store.read().unwrap().get("b", "k").unwrap(), None);
        drop(Socket::bind(&node.socket).unwrap());
    }
}
