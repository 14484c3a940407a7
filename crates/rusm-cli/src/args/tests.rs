//! What is typed is understood, and what is not says so.

use super::*;
use clap::CommandFactory;

fn run(typed: &str) -> RunArgs {
    let Command::Run(args) = Cli::try_parse_from(typed.split(' ')).unwrap().command else {
        panic!("not a run: {typed}")
    };
    *args
}

fn error(typed: &str) -> String {
    Cli::try_parse_from(typed.split(' '))
        .unwrap_err()
        .to_string()
}

/// No two flags collide, and no default is out of range.
#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

/// Flags may stand before and after the file; everything behind `--` is the guest's.
#[test]
fn flags_stand_before_and_after_the_file() {
    let args = run(
        "rusm run --dir a::/b --max-memory-mb 16 x.wasm --env A=1 --timeout-ms 5 -- --dir -v --",
    );
    assert_eq!(args.target, Some("x.wasm".into()));
    assert_eq!(args.args, ["--dir", "-v", "--"]);
    assert_eq!(
        args.grants.typed(),
        ["--dir", "--env", "--max-memory-mb", "--timeout-ms"]
    );
    assert_eq!(run("rusm run").grants.typed(), Vec::<&str>::new());
}

/// The bare flag is everywhere; a list is its rules; a value needs `=`, so a file name is never one.
#[test]
fn allow_net_has_an_optional_value() {
    assert_eq!(
        run("rusm run --allow-net x.wasm").grants.allow_net,
        [NetFlag::Everywhere]
    );
    let rules = run("rusm run --allow-net=127.0.0.1:80,public x.wasm")
        .grants
        .allow_net;
    let rule = |text: &str| NetFlag::Rule(text.parse().unwrap());
    assert_eq!(rules, [rule("127.0.0.1:80"), rule("public")]);
    assert!(error("rusm run --allow-net=nonsense! x.wasm").contains("--allow-net"));
}

/// The same for listening; a name is none of this machine's addresses.
#[test]
fn allow_listen_has_an_optional_value() {
    let listen = |line: &str| run(line).grants.allow_listen;
    assert_eq!(
        listen("rusm run --allow-listen x.wasm"),
        [ListenFlag::Anywhere]
    );
    let rule = |text: &str| ListenFlag::Rule(text.parse().unwrap());
    assert_eq!(
        listen("rusm run --allow-listen=127.0.0.1:80,[::1]:8000-8100 x.wasm"),
        [rule("127.0.0.1:80"), rule("[::1]:8000-8100")]
    );
    assert!(error("rusm run --allow-listen=example.com:80 x.wasm").contains("127.0.0.1:80"));
}

/// A folder keeps its own path unless it is given another; relative paths start at the guest's root.
#[test]
fn folders_are_read_like_other_runtimes_read_them() {
    let dir = |text: &str| {
        run(&format!("rusm run x.wasm --dir {text}"))
            .grants
            .dir
            .remove(0)
            .to_string()
    };
    assert_eq!(dir("/srv/a"), "/srv/a::/srv/a");
    assert_eq!(dir("."), ".::/");
    assert_eq!(dir("./data/in"), "./data/in::/data/in");
    assert_eq!(dir("data::ro"), "data::/data::ro");
    assert_eq!(dir("../up::/in::ro"), "../up::/in::ro");
    assert_eq!(dir("a::b"), "a::/b");
    assert!(error("rusm run x.wasm --dir ../up").contains("../up::/data"));
    assert!(error("rusm run x.wasm --dir a::/b::rw").contains("leave ::rw out"));
    assert!(error("rusm run x.wasm --dir /proc").contains("/proc belongs to the machine"));
}

/// A variable has a name; its value may hold anything, `=` and nothing included.
#[test]
fn variables_are_names_with_values() {
    let env = run("rusm run x.wasm --env A --env B= --env C=x=y --env APP_*")
        .grants
        .env;
    let values: Vec<_> = env
        .iter()
        .map(|flag| (flag.grant.to_string(), flag.value.as_deref()))
        .collect();
    let expected = [
        ("A", None),
        ("B", Some("")),
        ("C", Some("x=y")),
        ("APP_*", None),
    ];
    assert_eq!(
        values,
        expected.map(|(name, value)| (name.to_owned(), value))
    );
    assert!(error("rusm run x.wasm --env =1").contains("it is empty"));
    assert!(error("rusm run x.wasm --env APP_*=1").contains("prefix"));
}

/// A wrong word is met with the nearest right one.
#[test]
fn typos_are_answered() {
    assert!(error("rusm run --alow-net x.wasm").contains("--allow-net"));
    assert!(error("rusm chek").contains("check"));
    assert!(error("rusm check --log-level warning").contains("warn"));
    assert!(error("rusm run --max-memory-mb 5000 x.wasm").contains("4096"));
}

/// The store may be named before and after the command, and a value may look like a flag.
#[test]
fn kv_takes_its_words() {
    let put = |typed: &str| {
        let Command::Kv(kv) = Cli::try_parse_from(typed.split(' ')).unwrap().command else {
            panic!("not about a store: {typed}")
        };
        let KvCommand::Put(put) = kv.command else {
            panic!("not a put: {typed}")
        };
        (kv.place.store, put.of.key, put.value, put.base64)
    };
    let expected = (Some("s".into()), "k".to_owned(), Some("-5".into()), true);
    assert_eq!(put("rusm kv --store s put b k -5 --base64"), expected);
    assert_eq!(put("rusm kv put --base64 b k -5 --store s"), expected);
    assert!(error("rusm kv get b k --jsn").contains("--json"));
    assert!(error("rusm kv exprot").contains("export"));
}

/// An argument that was meant for the guest is shown its place.
#[test]
fn arguments_of_the_guest_are_shown_their_place() {
    let hinted =
        |typed: &str| hinted(Cli::try_parse_from(typed.split(' ')).unwrap_err()).to_string();
    assert!(hinted("rusm run x.wasm arg").contains("behind '--': rusm run FILE.wasm -- arg"));
    assert!(!hinted("rusm run x.wasm --alow-net").contains("FILE.wasm -- "));
    assert!(!hinted("rusm kv get orders 17 18").contains("FILE.wasm"));
}

/// `--color` counts for errors as well, in both spellings, but not behind `--`.
#[test]
fn color_is_found_early() {
    let typed = |text: &str| color_typed(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
    assert_eq!(typed("rusm run --color never"), ColorWhen::Never);
    assert_eq!(typed("rusm --color=always run"), ColorWhen::Always);
    assert_eq!(typed("rusm run -- --color=always"), ColorWhen::Auto);
    assert_eq!(typed("rusm run --color"), ColorWhen::Auto);
}
