//! Requests by `wasi:http` 0.2, one or many at a time.

use std::io::Write;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

type Words<'a> = dyn Iterator<Item = &'a str> + 'a;

/// Where a request goes.
#[derive(Clone, Debug)]
struct Target {
    scheme: String,
    authority: String,
    path: String,
}

impl Target {
    fn read<'a>(words: &mut Words<'a>) -> Self {
        let mut word = || words.next().expect("a parameter is missing").to_owned();
        Self {
            scheme: word(),
            authority: word(),
            path: word(),
        }
    }

    /// `SCHEME://AUTHORITY/PATH`, as redirects have it.
    fn of_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_once('/')?;
        Some(Self {
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            path: format!("/{path}"),
        })
    }
}

/// What a step answers; none if it only sets something up.
pub(crate) fn answer<'a>(
    command: &str,
    words: &mut Words<'a>,
    patience: &mut Patience,
) -> Option<String> {
    let get = |target: &Target| send(&Method::Get, target, &[], *patience);
    Some(match command {
        "get" => read(get(&Target::read(words))),
        "method" => {
            let method = match words.next() {
                Some("CONNECT") => Method::Connect,
                name => Method::Other(name.unwrap_or_default().to_owned()),
            };
            read(send(&method, &Target::read(words), &[], *patience))
        }
        "post" => post(number(words), &Target::read(words), *patience),
        "announce" => {
            let length = number(words).to_string();
            let field = ("content-length", length.as_str());
            let begun =
                prepared(&Method::Post, &Target::read(words), &[field]).and_then(|request| {
                    let body = request.body().expect("it was not taken");
                    let begun = handle(request, None).map_err(Failure::Code);
                    // Finishing it would be an error: nothing was written.
                    std::mem::forget(body);
                    begun
                });
            read(begun)
        }
        "follow" => match wait(get(&Target::read(words))) {
            Ok(response) => match location(&response) {
                Some(target) => read(get(&target)),
                None => shown(Ok(response)),
            },
            error => shown(error),
        },
        "many" => {
            let n_requests = number(words);
            let target = Target::read(words);
            let begun: Vec<_> = (0..n_requests).map(|_| get(&target)).collect();
            writeln!(std::io::stdout(), "begun={n_requests}").expect("there is a log");
            begun.into_iter().map(read).collect::<Vec<_>>().join(" ")
        }
        "field" => {
            let (name, value) = (words.next(), words.next());
            let added = Fields::new().append(
                name.unwrap_or_default(),
                value.unwrap_or_default().as_bytes(),
            );
            added.map_or_else(|error| format!("{error:?}"), |()| "ok".to_owned())
        }
        "fields" => {
            let fields = Fields::new();
            let value = vec![b'x'; 1 << 10];
            let added = (0..number(words)).try_for_each(|_| fields.append("x", &value));
            added.map_or_else(|error| format!("{error:?}"), |()| "ok".to_owned())
        }
        "long" => {
            let request = OutgoingRequest::new(Fields::new());
            let is_method = words.next() == Some("method");
            let name = "a".repeat(usize::try_from(number(words)).expect("it is a length"));
            let set = if is_method {
                request.set_method(&Method::Other(name))
            } else {
                request.set_authority(Some(&name))
            };
            set.map_or("refused", |()| "ok").to_owned()
        }
        "patience" => {
            let until = words.next();
            let nanoseconds = Some(number(words) * 1_000_000);
            *patience = match until {
                Some("connected") => Patience {
                    connected: nanoseconds,
                    ..Patience::default()
                },
                Some("begun") => Patience {
                    begun: nanoseconds,
                    ..Patience::default()
                },
                _ => Patience {
                    between: nanoseconds,
                    ..Patience::default()
                },
            };
            return None;
        }
        other => panic!("there is no step '{other}'"),
    })
}

fn number<'a>(words: &mut Words<'a>) -> u64 {
    let word = words.next().expect("a number is missing");
    word.parse().expect("it is a number")
}

/// Why there is no response.
enum Failure {
    NotAnAuthority,
    Code(ErrorCode),
}

type Begun = Result<FutureIncomingResponse, Failure>;

fn prepared(
    method: &Method,
    target: &Target,
    fields: &[(&str, &str)],
) -> Result<OutgoingRequest, Failure> {
    let headers = Fields::new();
    for (name, value) in fields {
        headers
            .append(name, value.as_bytes())
            .expect("the field may be set");
    }
    let request = OutgoingRequest::new(headers);
    let scheme = match target.scheme.as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    request.set_method(method).expect("it is a method");
    request.set_scheme(Some(&scheme)).expect("it is a scheme");
    request
        .set_path_with_query(Some(&target.path))
        .expect("it is a path");
    match request.set_authority(Some(&target.authority)) {
        Ok(()) => Ok(request),
        Err(()) => Err(Failure::NotAnAuthority),
    }
}

/// How long a request waits, in nanoseconds; as long as the host sees fit where it does not say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patience {
    connected: Option<u64>,
    begun: Option<u64>,
    between: Option<u64>,
}

fn options(patience: Patience) -> RequestOptions {
    let options = RequestOptions::new();
    let set = options
        .set_connect_timeout(patience.connected)
        .and_then(|()| options.set_first_byte_timeout(patience.begun))
        .and_then(|()| options.set_between_bytes_timeout(patience.between));
    set.expect("all three are known");
    options
}

fn send(method: &Method, target: &Target, fields: &[(&str, &str)], patience: Patience) -> Begun {
    let request = prepared(method, target, fields)?;
    handle(request, Some(options(patience))).map_err(Failure::Code)
}

/// Writes the body while the request is under way, until it is written or nobody takes any more of it.
fn post(n_bytes: u64, target: &Target, patience: Patience) -> String {
    let begun = prepared(&Method::Post, target, &[]).and_then(|request| {
        let body = request.body().expect("it was not taken");
        let begun = handle(request, Some(options(patience))).map_err(Failure::Code)?;
        let stream = body.write().expect("it was not taken");
        let mut left = n_bytes;
        while left > 0 {
            let length = left.min(4_096);
            let block = vec![b'x'; usize::try_from(length).expect("it is small")];
            if stream.blocking_write_and_flush(&block).is_err() {
                break;
            }
            left -= length;
        }
        drop(stream);
        // The response says what went wrong, if anything did.
        let _ = OutgoingBody::finish(body, None);
        Ok(begun)
    });
    read(begun)
}

fn wait(begun: Begun) -> Result<IncomingResponse, Failure> {
    let response = begun?;
    response.subscribe().block();
    let answer = response
        .get()
        .expect("it is ready")
        .expect("it is taken once");
    answer.map_err(Failure::Code)
}

fn location(response: &IncomingResponse) -> Option<Target> {
    let values = response.headers().get("location");
    Target::of_url(std::str::from_utf8(values.first()?).ok()?)
}

fn read(begun: Begun) -> String {
    shown(wait(begun))
}

fn shown(answer: Result<IncomingResponse, Failure>) -> String {
    let response = match answer {
        Ok(response) => response,
        Err(Failure::NotAnAuthority) => return "not an authority".to_owned(),
        Err(Failure::Code(code)) => return format!("error:{code:?}"),
    };
    let (status, body) = (
        response.status(),
        response.consume().expect("it was not taken"),
    );
    let stream = body.stream().expect("it was not taken");
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(block) => bytes.extend(block),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                let text = error.to_debug_string();
                return format!(
                    "{status} then error:{}",
                    text.lines().next().unwrap_or_default()
                );
            }
        }
    }
    format!("{status} {}", String::from_utf8_lossy(&bytes))
}
