//! What each function of WASI can do to the world outside a sandbox: the table that the walk goes by.

use super::{wasi02, wasi03};
use crate::forge::Wasi::{self, V02, V03};
use crate::keyvalue::grants;
use crate::network::http;

/// What a function can do under a profile that grants nothing.
#[derive(Clone, Copy)]
pub(crate) enum Class {
    /// Nothing outside the process itself, and this is why.
    Harmless(&'static str),
    /// Refused, or answered with nothing; this test shows it.
    Refused(#[expect(dead_code, reason = "naming the test is the point: it must exist")] fn()),
    /// It is in the WIT and no node links it.
    Absent,
}

use Class::{Absent, Harmless, Refused};

pub(super) const OWN: &str = "tells the process what it was given itself";
pub(super) const TIME: &str = "clocks are no grant: every profile has them";
pub(super) const CHANCE: &str = "random numbers are no grant; how many at once is bounded";
pub(super) const END: &str = "ends the caller";
pub(super) const WAIT: &str = "waits for clocks and for what the process holds";
const OUTPUT: &str = "goes to the log, escaped and bounded, or to a terminal that was granted";
const TOKEN: &str = "a handle that grants nothing: each use of it is asked for";
const ERRORS: &str = "reads an error that the process holds";
const DRAFT: &str = "makes or reads what has not been sent, or has been received";
const SERVING: &str = "answers a request that somebody made; nobody hands one over";

const EMPTY_02: Class = Refused(wasi02::a_component_sees_nothing_of_the_host);
const EMPTY_03: Class = Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host);
const SOCKETS_02: Class = Refused(wasi02::a_component_gets_no_socket_and_no_address);
const SOCKETS_03: Class = Refused(wasi03::a_concurrent_component_gets_no_socket_and_no_address);
const HTTP: Class = Refused(http::without_a_grant_a_request_is_denied);

const KEYVALUE: Class = Refused(grants::without_a_grant_no_bucket_is_opened);

/// In these versions, these functions of this interface are of this class.
type Row = (
    &'static [Wasi],
    Class,
    &'static str,
    &'static [&'static str],
);

/// Functions that need no handle.
pub(super) const FUNCTIONS: &[Row] = &[
    (
        &[V02],
        EMPTY_02,
        "wasi:cli/environment",
        &["get-environment", "initial-cwd"],
    ),
    (
        &[V03],
        EMPTY_03,
        "wasi:cli/environment",
        &["get-environment", "get-initial-cwd"],
    ),
    (
        BOTH,
        Harmless(OWN),
        "wasi:cli/environment",
        &["get-arguments"],
    ),
    (
        BOTH,
        Harmless(END),
        "wasi:cli/exit",
        &["exit", "exit-with-code"],
    ),
    (&[V02], EMPTY_02, "wasi:cli/stdin", &["get-stdin"]),
    (&[V03], EMPTY_03, "wasi:cli/stdin", &["read-via-stream"]),
    (&[V02], Harmless(OUTPUT), "wasi:cli/stdout", &["get-stdout"]),
    (&[V02], Harmless(OUTPUT), "wasi:cli/stderr", &["get-stderr"]),
    (
        &[V03],
        Harmless(OUTPUT),
        "wasi:cli/stdout",
        &["write-via-stream"],
    ),
    (
        &[V03],
        Harmless(OUTPUT),
        "wasi:cli/stderr",
        &["write-via-stream"],
    ),
    (
        &[V02],
        EMPTY_02,
        "wasi:cli/terminal-stdin",
        &["get-terminal-stdin"],
    ),
    (
        &[V02],
        EMPTY_02,
        "wasi:cli/terminal-stdout",
        &["get-terminal-stdout"],
    ),
    (
        &[V02],
        EMPTY_02,
        "wasi:cli/terminal-stderr",
        &["get-terminal-stderr"],
    ),
    (
        &[V03],
        EMPTY_03,
        "wasi:cli/terminal-stdin",
        &["get-terminal-stdin"],
    ),
    (
        &[V03],
        EMPTY_03,
        "wasi:cli/terminal-stdout",
        &["get-terminal-stdout"],
    ),
    (
        &[V03],
        EMPTY_03,
        "wasi:cli/terminal-stderr",
        &["get-terminal-stderr"],
    ),
    (
        &[V02],
        Harmless(TIME),
        "wasi:clocks/monotonic-clock",
        CLOCK_02,
    ),
    (
        &[V03],
        Harmless(TIME),
        "wasi:clocks/monotonic-clock",
        CLOCK_03,
    ),
    (
        &[V02],
        Harmless(TIME),
        "wasi:clocks/wall-clock",
        &["now", "resolution"],
    ),
    (
        &[V03],
        Harmless(TIME),
        "wasi:clocks/system-clock",
        &["now", "get-resolution"],
    ),
    (
        &[V02],
        Absent,
        "wasi:clocks/timezone",
        &["display", "utc-offset"],
    ),
    (
        &[V03],
        Absent,
        "wasi:clocks/timezone",
        &["iana-id", "utc-offset", "to-debug-string"],
    ),
    (
        &[V02],
        EMPTY_02,
        "wasi:filesystem/preopens",
        &["get-directories"],
    ),
    (
        &[V03],
        EMPTY_03,
        "wasi:filesystem/preopens",
        &["get-directories"],
    ),
    (
        &[V02],
        Harmless(ERRORS),
        "wasi:filesystem/types",
        &["filesystem-error-code"],
    ),
    (&[V02], HTTP, "wasi:http/outgoing-handler", &["handle"]),
    (&[V03], HTTP, "wasi:http/client", &["send"]),
    (&[V02], Harmless(DRAFT), "wasi:http/types", DRAFTS_02),
    (&[V03], Harmless(DRAFT), "wasi:http/types", DRAFTS_03),
    (
        &[V02],
        Harmless(SERVING),
        "wasi:http/types",
        &["[static]response-outparam.set"],
    ),
    (&[V02], Harmless(WAIT), "wasi:io/poll", &["poll"]),
    (BOTH, KEYVALUE, "wasi:keyvalue/atomics", ATOMICS),
    (BOTH, KEYVALUE, "wasi:keyvalue/batch", BATCH),
    (BOTH, KEYVALUE, "wasi:keyvalue/store", &["open"]),
    (
        &[V02],
        Harmless(CHANCE),
        "wasi:random/insecure-seed",
        &["insecure-seed"],
    ),
    (
        &[V03],
        Harmless(CHANCE),
        "wasi:random/insecure-seed",
        &["get-insecure-seed"],
    ),
    (BOTH, Harmless(CHANCE), "wasi:random/insecure", INSECURE),
    (
        BOTH,
        Harmless(CHANCE),
        "wasi:random/random",
        &["get-random-bytes", "get-random-u64"],
    ),
    (
        &[V02],
        Absent,
        "wasi:sockets/network",
        &["network-error-code"],
    ),
    (
        &[V02],
        Harmless(TOKEN),
        "wasi:sockets/instance-network",
        &["instance-network"],
    ),
    (
        &[V02],
        SOCKETS_02,
        "wasi:sockets/ip-name-lookup",
        &["resolve-addresses"],
    ),
    (
        &[V02],
        SOCKETS_02,
        "wasi:sockets/tcp-create-socket",
        &["create-tcp-socket"],
    ),
    (
        &[V02],
        SOCKETS_02,
        "wasi:sockets/udp-create-socket",
        &["create-udp-socket"],
    ),
    (
        &[V03],
        SOCKETS_03,
        "wasi:sockets/ip-name-lookup",
        &["resolve-addresses"],
    ),
    (&[V03], SOCKETS_03, "wasi:sockets/types", CREATE_03),
];

const BOTH: &[Wasi] = &[V02, V03];
const CLOCK_02: &[&str] = &[
    "now",
    "resolution",
    "subscribe-instant",
    "subscribe-duration",
];
const CLOCK_03: &[&str] = &["now", "get-resolution", "wait-until", "wait-for"];
const INSECURE: &[&str] = &["get-insecure-random-bytes", "get-insecure-random-u64"];
const ATOMICS: &[&str] = &["increment", "swap", "[static]cas.new"];
const BATCH: &[&str] = &["get-many", "set-many", "delete-many"];
const DRAFTS_02: &[&str] = &[
    "http-error-code",
    "[constructor]fields",
    "[static]fields.from-list",
    "[constructor]outgoing-request",
    "[constructor]outgoing-response",
    "[constructor]request-options",
    "[static]outgoing-body.finish",
    "[static]incoming-body.finish",
];
const DRAFTS_03: &[&str] = &[
    "[constructor]fields",
    "[static]fields.from-list",
    "[constructor]request-options",
    "[static]request.new",
    "[static]request.consume-body",
    "[static]response.new",
    "[static]response.consume-body",
];
const CREATE_03: &[&str] = &["[static]tcp-socket.create", "[static]udp-socket.create"];

/// Resources: a method needs a handle, and this is where handles come from. Methods of the harmless
/// ones are harmless; of the others no sandboxed process has any.
pub(super) const RESOURCES: &[Row] = &[
    (
        &[V02],
        EMPTY_02,
        "wasi:filesystem/types",
        &["descriptor", "directory-entry-stream"],
    ),
    (&[V03], EMPTY_03, "wasi:filesystem/types", &["descriptor"]),
    (&[V02], Harmless(DRAFT), "wasi:http/types", MESSAGES_02),
    (&[V03], Harmless(DRAFT), "wasi:http/types", MESSAGES_03),
    (&[V02], Absent, "wasi:http/types", &["response-outparam"]),
    (&[V02], Harmless(ERRORS), "wasi:io/error", &["error"]),
    (&[V02], Harmless(WAIT), "wasi:io/poll", &["pollable"]),
    (&[V02], EMPTY_02, "wasi:io/streams", &["input-stream"]),
    (BOTH, KEYVALUE, "wasi:keyvalue/atomics", &["cas"]),
    (BOTH, KEYVALUE, "wasi:keyvalue/store", &["bucket"]),
    (
        &[V02],
        Harmless(OUTPUT),
        "wasi:io/streams",
        &["output-stream"],
    ),
    (
        &[V02],
        SOCKETS_02,
        "wasi:sockets/ip-name-lookup",
        &["resolve-address-stream"],
    ),
    (&[V02], SOCKETS_02, "wasi:sockets/tcp", &["tcp-socket"]),
    (&[V02], SOCKETS_02, "wasi:sockets/udp", UDP_02),
    (
        &[V03],
        SOCKETS_03,
        "wasi:sockets/types",
        &["tcp-socket", "udp-socket"],
    ),
];

const MESSAGES_02: &[&str] = &[
    "fields",
    "incoming-request",
    "outgoing-request",
    "request-options",
    "incoming-response",
    "incoming-body",
    "future-trailers",
    "outgoing-response",
    "outgoing-body",
    "future-incoming-response",
];
const MESSAGES_03: &[&str] = &["fields", "request", "request-options", "response"];
const UDP_02: &[&str] = &[
    "udp-socket",
    "incoming-datagram-stream",
    "outgoing-datagram-stream",
];

/// Interfaces that hold no function: types alone, and resources without methods.
pub(super) const TYPES_ALONE: &[&str] = &[
    "rusm:actor/types",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/types",
    "wasi:clocks/types",
];
