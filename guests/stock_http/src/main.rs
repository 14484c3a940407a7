//! A plain WASI command that speaks HTTP 0.2 and knows nothing of actors.
//!
//! The arguments are steps, separated by the word `then`. Each prints one line, `STEP=ANSWER`.
//!
//! | step | answers |
//! |---|---|
//! | `get SCHEME AUTHORITY PATH` | `STATUS BODY`, or `error:CODE` |
//! | `method NAME SCHEME AUTHORITY PATH` | the same, with another method |
//! | `post N SCHEME AUTHORITY PATH` | the same, after sending N bytes |
//! | `announce N SCHEME AUTHORITY PATH` | the same, with no byte of the N that `Content-Length` promises |
//! | `follow SCHEME AUTHORITY PATH` | the same; a redirect is a request of its own |
//! | `many N SCHEME AUTHORITY PATH` | N answers; all requests are begun before any is waited for, and `begun=N` says so |
//! | `field NAME VALUE` | `ok`, or why there is no such header field |
//! | `fields N` | `ok`, after adding N fields of a kilobyte to one request |
//! | `long WHAT N` | `ok` or `refused`: a request's `method` or `authority` of N bytes |
//! | `patience UNTIL MS` | nothing: how long later steps wait until they are `connected`, the response has `begun`, or `between` its parts |
//!
//! An authority that WASI itself does not take is answered by `not an authority`.

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
mod client;

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
fn main() {
    use std::io::Write;

    let args: Vec<_> = std::env::args().skip(1).collect();
    let mut patience = client::Patience::default();
    for step in args.split(|arg| arg == "then") {
        let mut words = step.iter().map(String::as_str);
        let command = words.next().expect("a step has a command");
        if let Some(answer) = client::answer(command, &mut words, &mut patience) {
            writeln!(std::io::stdout(), "{command}={answer}").expect("there is a log");
        }
    }
}

/// WASI preview 1 has no HTTP.
#[cfg(not(all(target_arch = "wasm32", target_env = "p2")))]
fn main() {}
