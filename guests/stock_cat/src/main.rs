//! A plain WASI command that knows nothing of actors: what any program of preview 1 or 2 may do.
//!
//! Arguments are taken in order; without any, standard input goes to standard output.
//!
//! | argument | does |
//! |---|---|
//! | `-` | standard input to standard output |
//! | `FILE` | the file to standard output |
//! | `--write FILE TEXT` | writes a file |
//! | `--say TEXT`, `--complain TEXT` | a line on standard output, or standard error |
//! | `--args` | all arguments on one line each, the program's name first |
//! | `--env NAME` | the variable's value on a line, or `NAME is not set` |
//! | `--connect HOST:PORT` | sends `ping` and a line feed by TCP, then copies what comes back until the other side closes |
//! | `--sleep MS` | waits |
//! | `--exit CODE` | ends at once with this code |
//! | `--panic`, `--spin`, `--hoard MB` | traps; never ends; takes so much memory |
//!
//! What fails is told on standard error, and the exit code is 1.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, process, thread};

fn main() -> ExitCode {
    let mut args = env::args().skip(1).peekable();
    if args.peek().is_none() {
        return told(cat_stdin().map_err(Into::into), "-");
    }
    while let Some(arg) = args.next() {
        if let Err(error) = run(&arg, &mut args) {
            return told(Err(error), &arg);
        }
    }
    ExitCode::SUCCESS
}

fn told(result: Result<(), Box<dyn Error>>, arg: &str) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads it, the code still says that something failed.
            let _ = writeln!(io::stderr(), "stock_cat: {arg}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arg: &str, args: &mut impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let mut next = || args.next().ok_or("an argument is missing");
    match arg {
        "-" => cat_stdin()?,
        "--write" => fs::write(next()?, next()?)?,
        "--say" => writeln!(io::stdout(), "{}", next()?)?,
        "--complain" => writeln!(io::stderr(), "{}", next()?)?,
        "--args" => env::args().try_for_each(|arg| writeln!(io::stdout(), "{arg}"))?,
        "--env" => show_variable(&next()?)?,
        "--connect" => connect(&next()?)?,
        "--sleep" => thread::sleep(Duration::from_millis(next()?.parse()?)),
        "--exit" => process::exit(next()?.parse()?),
        "--panic" => panic!("as asked"),
        "--spin" => loop {
            black_box(());
        },
        "--hoard" => hoard(next()?.parse()?),
        file => {
            io::copy(&mut File::open(file)?, &mut io::stdout())?;
        }
    }
    Ok(())
}

fn cat_stdin() -> io::Result<()> {
    let mut to = io::stdout();
    io::copy(&mut io::stdin(), &mut to)?;
    to.flush()
}

fn show_variable(name: &str) -> io::Result<()> {
    match env::var(name) {
        Ok(value) => writeln!(io::stdout(), "{value}"),
        Err(_) => writeln!(io::stdout(), "{name} is not set"),
    }
}

fn connect(address: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"ping\n")?;
    io::copy(&mut stream, &mut io::stdout())?;
    Ok(())
}

fn hoard(megabytes: usize) {
    let hoard: Vec<_> = (0..megabytes).map(|_| vec![1_u8; 1 << 20]).collect();
    black_box(hoard);
}
