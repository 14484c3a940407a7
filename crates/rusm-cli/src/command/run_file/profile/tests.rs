//! What each flag grants, and that nothing else is granted.

use super::*;
use crate::args::{Cli, Command};
use crate::report::Colour;
use clap::Parser;
use rusm_caps::Permission;

fn try_granted(flags: &str) -> Result<Granted, Failure> {
    let typed = ["rusm", "run", "x.wasm"]
        .into_iter()
        .chain(flags.split_whitespace());
    let Command::Run(args) = Cli::try_parse_from(typed).unwrap().command else {
        panic!("not a run")
    };
    of(
        &args.grants,
        Console {
            colour: Colour::Off,
            is_terminal: false,
        },
    )
}

fn profile(flags: &str) -> Profile {
    try_granted(flags).unwrap().profile
}

fn held(profile: &Profile) -> Vec<&'static str> {
    Permission::ALL
        .into_iter()
        .filter(|permission| profile.holds(*permission))
        .map(Permission::name)
        .collect()
}

/// Without flags: the terminal, messages, 4 GiB, and no bound on time or output.
#[test]
fn without_flags_there_is_only_the_terminal() {
    let profile = profile("");
    assert_eq!(held(&profile), ["send", "stdio"]);
    let limits = profile.limits();
    assert_eq!(
        (limits.max_memory_bytes, limits.max_output_bytes),
        (4096 * MIB, u64::MAX)
    );
    assert_eq!((limits.max_cpu, limits.timeout), (None, None));
}

/// Each flag adds its own grant and no other.
#[test]
fn each_flag_adds_its_grant() {
    assert_eq!(held(&profile("--allow-net")), ["network", "send", "stdio"]);
    assert_eq!(
        held(&profile("--allow-listen")),
        ["listen", "send", "stdio"]
    );
    assert_eq!(held(&profile("--dir /srv")), ["send", "stdio", "files"]);
    assert_eq!(held(&profile("--env A=1")), ["send", "stdio", "env"]);
    assert_eq!(held(&profile("--allow-spawn")), ["spawn", "send", "stdio"]);
}

/// The bare flag reaches everything, loopback and private networks included; a rule only what it says.
#[test]
fn allow_net_is_everywhere_or_as_ruled() {
    let reaches =
        |flags: &str, address: &str| profile(flags).network().covers(address.parse().unwrap());
    for address in [
        "127.0.0.1:80",
        "10.0.0.1:1",
        "169.254.169.254:80",
        "8.8.8.8:53",
        "[::1]:9",
        "[fd00::1]:9",
        "[2600::1]:9",
    ] {
        assert!(reaches("--allow-net", address), "{address}");
    }
    assert!(reaches("--allow-net=127.0.0.1:80", "127.0.0.1:80"));
    assert!(!reaches("--allow-net=127.0.0.1:80", "127.0.0.1:81"));
    assert!(!reaches("--allow-net=public", "127.0.0.1:80"));
}

/// The bare flag listens anywhere, a rule where it says.
#[test]
fn allow_listen_is_anywhere_or_as_ruled() {
    let listens =
        |flags: &str, address: &str| profile(flags).listen().covers(address.parse().unwrap());
    assert!(listens("--allow-listen", "0.0.0.0:80"));
    assert!(listens("--allow-listen=127.0.0.1:80", "127.0.0.1:80"));
    assert!(!listens("--allow-listen=127.0.0.1:80", "127.0.0.1:81"));
    assert!(!listens("--allow-net", "127.0.0.1:80"));
}

/// Bounds are what the flags say; 0 is no bound where there can be none.
#[test]
fn limits_are_as_typed() {
    let typed = profile(
        "--max-memory-mb 16 --max-cpu-ms 5 --timeout-ms 7 --max-output-kb 2 --max-processes 3 --max-handles 4",
    );
    let limits = typed.limits();
    assert_eq!(
        (limits.max_memory_bytes, limits.max_output_bytes),
        (16 * MIB, 2048)
    );
    assert_eq!(
        (limits.max_cpu, limits.timeout),
        (
            Some(Duration::from_millis(5)),
            Some(Duration::from_millis(7))
        )
    );
    assert_eq!((limits.max_processes, limits.max_handles), (3, 4));
    assert_eq!(
        profile("--timeout-ms 0 --max-output-kb 0").limits().timeout,
        None
    );
}

/// A named profile keeps what it has, its bounds included, and gains the terminal.
#[test]
fn a_named_profile_is_the_base() {
    let sandboxed = profile("--profile sandboxed");
    assert_eq!(sandboxed.limits(), &Limits::sandboxed());
    assert_eq!(held(&sandboxed), ["send", "stdio"]);
    let client = profile("--profile network-client --allow-net=127.0.0.1:80");
    assert!(client.network().covers("8.8.8.8:53".parse().unwrap()));
    assert!(client.network().covers("127.0.0.1:80".parse().unwrap()));
}

/// A profile that does not exist is a usage error with the nearest that does (pitfall 28).
#[test]
fn an_unknown_profile_is_a_usage_error() {
    let failure = try_granted("--profile sandboxd").unwrap_err();
    assert_eq!(failure.kind(), Kind::Usage);
    assert!(
        failure.to_string().contains("did you mean 'sandboxed'?"),
        "{failure}"
    );
}

/// A variable is set or passed on; one that is not set here is an error, not silence (pitfall 28).
#[test]
fn variables_are_set_or_passed_on() {
    let granted = try_granted("--env GREETING=hello --env PATH").unwrap();
    assert_eq!(
        granted.environment.get("GREETING").map(String::as_str),
        Some("hello")
    );
    assert!(
        granted
            .profile
            .env()
            .iter()
            .any(|grant| grant.covers("PATH"))
    );
    assert!(
        !granted
            .profile
            .env()
            .iter()
            .any(|grant| grant.covers("HOME"))
    );
    let failure = try_granted("--env SURELY_NOT_SET_ANYWHERE").unwrap_err();
    assert_eq!(failure.kind(), Kind::Usage);
}

/// Two folders at one place are refused before anything runs.
#[test]
fn one_folder_per_place() {
    let failure = try_granted("--dir a::/x --dir b::/x").unwrap_err();
    assert_eq!(failure.kind(), Kind::Usage);
    assert!(failure.to_string().contains("/x"), "{failure}");
}
