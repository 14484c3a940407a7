//! The world outside, by WASI and nothing else: files, sockets, environment, standard streams.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, UNIX_EPOCH};
use std::{env, thread};

use crate::answer::{Answer, answer, done};
use crate::descriptors;
use crate::script::Script;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let Some(answer) = printing(command, script)
        .or_else(|| files(command, script))
        .or_else(|| sockets(command, script))
        .or_else(|| surroundings(command, script))
    else {
        return false;
    };
    script.report(command, &answer);
    true
}

fn printing(command: &str, script: &mut Script) -> Option<Answer> {
    Some(match command {
        "print" => done(writeln!(io::stdout(), "{}", script.text())),
        "print-error" => done(writeln!(io::stderr(), "{}", script.text())),
        "print-many" => {
            let (n_lines, text): (u64, _) = (script.number(), script.text());
            done((0..n_lines).try_for_each(|_| writeln!(io::stdout(), "{text}")))
        }
        // A forged log line, a terminal's title, a cleared screen, bytes that are no text, an unfinished line.
        "print-hostile" => {
            let bytes = b"one\r\x1b[2K\x1b]0;title\x07\x1b[31mred\n\xff\xfe\0two\x08\x7f\xc2\x9b31m\nunfinished";
            let mut to = io::stdout();
            done(to.write_all(bytes).and_then(|()| to.flush()))
        }
        _ => return None,
    })
}

fn files(command: &str, script: &mut Script) -> Option<Answer> {
    Some(match command {
        "read" => answer(fs::read(script.word()), |bytes| {
            String::from_utf8_lossy(&bytes).into_owned()
        }),
        "write" => {
            let (path, text) = (script.word(), script.text());
            done(fs::write(path, text))
        }
        "append" => {
            let (path, text) = (script.word(), script.text());
            let file = OpenOptions::new().append(true).open(path);
            done(file.and_then(|mut file| file.write_all(text.as_bytes())))
        }
        "remove" => done(fs::remove_file(script.word())),
        "rename" => done(fs::rename(script.word(), script.word())),
        "truncate" => done(writable(&script.word()).and_then(|file| file.set_len(0))),
        "touch" => done(File::open(script.word()).and_then(|file| file.set_modified(UNIX_EPOCH))),
        "hard-link" => done(fs::hard_link(script.word(), script.word())),
        "remove-dir" => done(fs::remove_dir(script.word())),
        "make-dir" => done(fs::create_dir(script.word())),
        "list" => answer(names(&script.word()), |names| names.join(" ")),
        "symlink" => {
            let (target, path) = (script.word(), script.word());
            done(descriptors::symlink(&target, &path))
        }
        "hold" => done(File::open(script.word()).map(std::mem::forget)),
        "open-many" => open_many(&script.word(), script.number()),
        _ => return None,
    })
}

fn writable(path: &str) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

fn names(path: &str) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(path)?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn open_many(path: &str, n_files: usize) -> Answer {
    let mut files = Vec::new();
    for opened in 0..n_files {
        match File::open(path) {
            Ok(file) => files.push(file),
            Err(error) => return Answer::Error(format!("after {opened}: {error}")),
        }
    }
    Answer::Ok(files.len().to_string())
}

fn sockets(command: &str, script: &mut Script) -> Option<Answer> {
    Some(match command {
        "connect" => answer(TcpStream::connect(script.word()), |stream| {
            stream
                .peer_addr()
                .map_or("connected".into(), |address| address.to_string())
        }),
        "read-socket" => answer(greet_and_read(&script.word()), |text| text),
        "listen" => answer(TcpListener::bind(script.word()), |listener| {
            listener
                .local_addr()
                .map_or("listening".into(), |address| address.to_string())
        }),
        "accept" => answer(accept(script), |n_bytes| n_bytes.to_string()),
        "udp" => done(udp(&script.word())),
        "answer-udp" => done(answer_udp(script)),
        "ask-udp" => answer(ask_udp(&script.word(), &script.word()), |text| text),
        "resolve" => answer(script.word().to_socket_addrs(), |found| {
            found
                .map(|address| address.ip().to_string())
                .collect::<Vec<_>>()
                .join(" ")
        }),
        _ => return None,
    })
}

/// Says hello, then reads until the other side ends the connection.
fn greet_and_read(address: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"hello")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Says where it listens, takes one connection, and sends back what comes until the other side ends it.
fn accept(script: &mut Script) -> io::Result<usize> {
    let listener = TcpListener::bind(script.word())?;
    script.report_text(&format!("listening={}", listener.local_addr()?));
    let (mut stream, _) = listener.accept()?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    stream.write_all(&text)?;
    Ok(text.len())
}

/// Says where it listens, sends one datagram back to whoever sent it, then one to somebody who sent none.
fn answer_udp(script: &mut Script) -> io::Result<usize> {
    let socket = UdpSocket::bind(script.word())?;
    script.report_text(&format!("listening={}", socket.local_addr()?));
    let mut block = [0; 64];
    let (length, from) = socket.recv_from(&mut block)?;
    socket.send_to(block.get(..length).unwrap_or_default(), from)?;
    socket.send_to(b"unasked", script.word())
}

/// Sends a datagram from an address and says where that is, then waits for an answer from anybody.
fn ask_udp(from: &str, to: &str) -> io::Result<String> {
    let socket = UdpSocket::bind(from)?;
    socket.send_to(b"rusm", to)?;
    let mut block = [0; 64];
    let (length, from) = socket.recv_from(&mut block)?;
    let text = String::from_utf8_lossy(block.get(..length).unwrap_or_default()).into_owned();
    Ok(format!("{text} from {from}"))
}

pub(crate) fn udp(to: &str) -> io::Result<usize> {
    UdpSocket::bind("0.0.0.0:0")?.send_to(b"rusm", to)
}

fn surroundings(command: &str, script: &mut Script) -> Option<Answer> {
    Some(match command {
        "stdin" => {
            let mut text = String::new();
            answer(io::stdin().read_to_string(&mut text), |_| text)
        }
        "env" => match env::var(script.word()) {
            Ok(value) => Answer::Ok(value),
            Err(error) => Answer::Error(error.to_string()),
        },
        "environment" => Answer::Ok(environment().join(" ")),
        "arguments" => Answer::Ok(env::args().collect::<Vec<_>>().join(" ")),
        "memory" => {
            keep(script.number());
            Answer::done()
        }
        "sleep" => {
            thread::sleep(Duration::from_millis(script.number()));
            Answer::done()
        }
        _ => return None,
    })
}

pub(crate) fn environment() -> Vec<String> {
    let mut names: Vec<_> = env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Takes so many MiB, touches them, and gives nothing back.
fn keep(megabytes: usize) {
    for _ in 0..megabytes {
        black_box(vec![1_u8; 1 << 20].leak());
    }
}
