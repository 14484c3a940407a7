//! Does what its arguments say: the tests' hands inside the sandbox, on both guest paths.
//!
//! The arguments are a script: steps separated by the word `then`, each a command and its parameters. The
//! process ends normally after the last step. For example
//!
//! ```text
//! to 4294967297 then trap-exits on then spawn worker link then receive then exit error: done
//! ```
//!
//! # Reports
//!
//! A step that has an answer reports one line, `NAME=ANSWER`, where NAME is the command's and ANSWER is one of
//! `ok`, `ok:TEXT`, `denied:PERMISSION`, `error:TEXT`. It is sent as a message with tag 1 to whom the step `to` has
//! named; before such a step it is printed. Steps go on after a refusal or an error. A script that makes no sense
//! ends the process with the reason `error: script: ..`.
//!
//! # Parameters
//!
//! WHO is a pid as a number, `parent`, `self`, `spawned` (by the last `spawn`), `sender` (of the last event), or a
//! registered name. TEXT is the rest of the step, joined by spaces. REASON is an exit reason as it displays, such as `shutdown` or
//! `error: broken`. An EVENT reads `message PID TAG TEXT`, `request PID TAG TEXT`, `exit PID REASON` or `down PID REASON`.
//!
//! # Commands
//!
//! | ends the process | how |
//! |---|---|
//! | `panic [TEXT]`, `unreachable` | traps |
//! | `overflow` | recursion without end, with nothing on the stack in memory: the call stack overflows |
//! | `overflow-data` | recursion with large frames: the stack in memory overflows |
//! | `hoard` | takes memory without end |
//! | `spin` | an endless loop |
//! | `spin-ms N` | not at all: a loop of so many milliseconds |
//! | `doze` | receives with a time-out of a millisecond, without end |
//! | `exit-code N`, `exit REASON`, `exit-long N` | by WASI, and by the actor interface. Rust's standard library has only success and failure to say on preview 2: any N but 0 arrives as 1 (the program `stock_exit` says it by another import). `exit-long` gives an error with a text of N letters |
//!
//! | messages | answer |
//! |---|---|
//! | `to WHO` | reports go there from now on |
//! | `say TEXT` | `ok:TEXT`: a sign of life |
//! | `send WHO TAG TEXT` | `ok` |
//! | `send-bytes WHO TAG N` | sends N zero bytes |
//! | `send-sum WHO TAG N` | sends N bytes that differ from place to place |
//! | `send-spoiled WHO TAG TEXT` | sends, and then overwrites what it sent from |
//! | `flood WHO TAG N BYTES` | sends N times BYTES zero bytes; `ok:N`, or at the first failure `error:after K: ..` |
//! | `call WHO TAG MS TEXT` | `ok:REPLY`; MS is a time-out or `-` |
//! | `receive` | `ok:EVENT` |
//! | `receive-tag TAG,TAG..`, `receive-from WHO`, `receive-down` | the same, selectively; `receive-down` waits for the last monitor |
//! | `receive-within MS`, `receive-within MS TAG,TAG..` | the same, or `error:timeout`; `error:early` if that came too soon |
//! | `drain` | `ok:N`: takes all N events that wait |
//! | `receive-sum` | `ok:LENGTH whole` if the next message is one of `send-sum`, else `ok:LENGTH other` |
//! | `reply TEXT` | answers the last request received |
//! | `hand-on WHO`, `take-over` | `ok`: sends the last request received to another process, where the next message becomes the request to reply to |
//! | `obey` | waits for requests with tag 0xde4 and carries out the script in each, before steps that are left; the reply is what it reported, line by line |
//! | `echo` | no report: sends each message back with its tag, answers each request; a message `stop` ends the step |
//! | `watch WHO` | no report: sends each event as text, with tag 2, to WHO; a message `stop` ends the step |
//! | `forget` | no report: receives for ever and drops everything |
//! | `send-after MS WHO TAG TEXT`, `cancel-timer` | `ok`; `ok:MS` left, or `error:no such timer` |
//! | `timer-early MS` | `ok:true` if a timer came before its time |
//! | `timer-order MS..` | sets such timers; `ok:N` if all N came in the order in which they were due |
//! | `timer-race N` | takes N timers back when they are due; `ok:N` if each either had time left or came |
//!
//! | many of a kind | answer |
//! |---|---|
//! | `count-to WHO TAG N`, `count-from WHO N` | `ok:N`: N numbered messages, sent, or received in order |
//! | `rounds WHO N` | `ok:N`: N messages, each after the echo of the one before |
//! | `answer-reversed N` | `ok:N`: takes N requests, then echoes the last one first |
//! | `relay COMPONENT N` | spawns N processes, each after the end of the one before; `ok:` how many different pids they had |
//! | `hammer DEED WHO N` | does it N times, whatever comes of it; `ok:` how often it was granted. DEED is `messages`, `requests`, `signals`, `timers`, `timers-undone`, `monitors`, `monitors-kept`, `links`, `links-kept`, `names`, `groups`, `broadcasts` (to `crowd`), `spawns` (of the component WHO) |
//! | `pester WHO TAG` | no report: a message every millisecond; a message `stop` ends the step |
//!
//! | ties and names | answer |
//! |---|---|
//! | `self`, `parent` | `ok:PID` |
//! | `trap-exits on`, `trap-exits off` | `ok:on` or `ok:off`, as it was |
//! | `link WHO`, `unlink WHO`, `monitor WHO`, `demonitor` | `ok`; `demonitor` ends the last monitor |
//! | `signal WHO REASON`, `kill WHO` | `ok` |
//! | `register NAME`, `unregister NAME`, `whereis NAME` | `ok`, `ok:PID` |
//! | `join GROUP`, `leave GROUP`, `members GROUP`, `broadcast GROUP TAG TEXT` | `ok`; pids; how many |
//!
//! | processes and rights | answer |
//! |---|---|
//! | `spawn COMPONENT OPTION..` | `ok:PID`; options are `link`, `monitor`, `name=N`, `profile=P`, `revoke=P`, `memory-mb=N`, `cpu-ms=N`, `timeout-ms=N`, and last `args A..`, in which `also` stands for `then` |
//! | `load NAME` | takes the bytes of the next message as code |
//! | `query PERMISSION TARGET` | `ok:granted` or `ok:denied`; TARGET `-` is none |
//! | `drop PERMISSION` | `ok` |
//! | `processes`, `inspect WHO` | `ok:N`; `ok:COMPONENT NAME PROFILE STATE`, `-` for no name |
//! | `lists WHO`, `facts WHO` | `ok:N`: how often the list names it; `ok:parent=P mailbox=N memory=B cpu=B restarts=N`, B whether there is any |
//!
//! | storage | answer |
//! |---|---|
//! | `kv-get B K`, `kv-put B K VALUE`, `kv-delete B K`, `kv-increment B K N` | `ok:VALUE` or `ok:none`; `ok`; `ok:true` if it was there; `ok:N` |
//! | `kv-list B [PREFIX [START [LIMIT]]]` | `ok:KEY=VALUE .. next=KEY`; START `-` is none, and LIMIT is 1,000 unless given |
//! | `kv-transact B OP..` | `ok`; OP is `put K VALUE`, `put-for MS K VALUE`, `delete K`, `expect K VALUE`, `absent K`, or `puts N VALUE` for N keys |
//! | `kv-get-often B K N`, `kv-increment-often B K N` | `ok`: the same N times, or until it is refused |
//!
//! Of a bucket, key or prefix `-` is the empty text, `letters:N` are N letters, and `control:TEXT` begins with a control character. A VALUE is a text,
//! `hex:DIGITS` or `bytes:N`: N bytes that differ from place to place. In answers a value of more than 256 bytes is `bytes:N` if it is that, and else
//! `other:N`; a shorter one is `hex:DIGITS` if it is no text that can be shown.
//!
//! | the world outside, by WASI | answer |
//! |---|---|
//! | `print TEXT`, `print-error TEXT`, `print-many N TEXT`, `print-hostile` | `ok`; the last prints control characters |
//! | `read PATH`, `write PATH TEXT`, `append PATH TEXT`, `remove PATH`, `rename PATH PATH`, `truncate PATH`, `touch PATH`, `hard-link PATH PATH`, `symlink TARGET PATH`, `make-dir PATH`, `remove-dir PATH`, `list PATH` | `ok:CONTENT`, `ok:NAMES`, `ok` |
//! | `open-many PATH N` | `ok:N`, or `error:after K: ..` |
//! | `hold PATH` | `ok`: opens a file and keeps it open |
//! | `stdin` | `ok:TEXT` |
//! | `env NAME`, `environment`, `arguments` | `ok:VALUE`; `ok:NAMES`; `ok:ARGUMENTS` |
//! | `connect ADDRESS`, `listen ADDRESS`, `udp ADDRESS`, `resolve NAME:PORT` | `ok:..`; `udp` binds, and sends to ADDRESS |
//! | `accept ADDRESS` | says `listening=ADDRESS`, then sends back what one connection brings; `ok:BYTES` |
//! | `answer-udp ADDRESS OTHER` | says `listening=ADDRESS`, sends one datagram back to its sender, then one to OTHER |
//! | `ask-udp ADDRESS TO` | from ADDRESS sends `rusm` to TO, and waits for a datagram; `ok:TEXT from ADDRESS` |
//! | `read-socket ADDRESS` | connects, sends `hello`, and reads to the end; `ok:TEXT` |
//! | `memory MB` | takes and keeps so much |
//! | `sleep MS` | `ok` |
//!
//! `probe WHO COMPONENT` tries every import of the actor interface and every effect of WASI that it can, with targets that no test grants unless it
//! means to, and reports all lines in one message. WHO is a process that is no relative, COMPONENT what it tries to spawn. Imports that
//! would end it or wait for others (`exit`, `reply`, `kill`, `drop`, `broadcast`) are commands of their own.

mod answer;
mod descriptors;
mod ending;
mod many;
mod outside;
mod probe;
mod process;
mod script;
mod spawning;
mod storage;
mod talk;
mod ties;
mod timers;

use crate::script::Script;

fn main() {
    let mut script = Script::from_args(std::env::args().skip(1));
    while let Some(command) = script.next_step() {
        run(&command, &mut script);
        script.end_step(&command);
    }
}

/// Asks each family of commands in turn; the first that knows the command has done it.
fn run(command: &str, script: &mut Script) {
    let families = [
        ending::run,
        talk::run,
        many::run,
        timers::run,
        ties::run,
        process::run,
        spawning::run,
        storage::run,
        outside::run,
        probe::run,
    ];
    if !families.into_iter().any(|family| family(command, script)) {
        script::fail(format_args!("unknown command '{command}'"));
    }
}
