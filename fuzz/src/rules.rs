//! Rules and names as an operator types them (`rusm-caps`): what reads prints, and reads back equal; and a
//! network rule never opens a reserved address that it does not name.
//!
//! The first line is taken for every kind of rule. Of what follows, 18 bytes each are an address and a port,
//! asked about besides the edges of all reserved spans.

use crate::manifest::reads_back;
use crate::oracle::{edges, number, reserved};
use rusm_caps::{
    BucketPattern, Cidr, DirGrant, EnvGrant, GrantError, HostFunctionName, ListenRule, NetGrant,
    NetHost, NetRule, PortRange, is_steering,
};
use std::fmt::{Debug, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

static EDGES: LazyLock<Vec<IpAddr>> = LazyLock::new(edges);

/// The target.
pub fn rules(data: &[u8]) {
    let (line, rest) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => data.split_at(at),
        None => (data, [].as_slice()),
    };
    let text = String::from_utf8_lossy(line);
    check::<Cidr>(&text);
    check::<PortRange>(&text);
    check::<EnvGrant>(&text);
    check::<DirGrant>(&text);
    check::<BucketPattern>(&text);
    check::<HostFunctionName>(&text);
    let targets: Vec<SocketAddr> = targets(rest.get(1..).unwrap_or_default()).collect();
    if let Some(rule) = check::<NetRule>(&text) {
        check_rule(&rule, &targets);
    }
    if let Some(rule) = check::<ListenRule>(&text) {
        targets
            .iter()
            .for_each(|target| check_listening(&rule, *target));
    }
}

/// The unspecified address is every interface of the machine: only a rule that is that very address opens it.
fn check_listening(rule: &ListenRule, target: SocketAddr) {
    let ip = target.ip();
    let is_meant =
        !ip.to_canonical().is_unspecified() || ends(rule.range()).0 == ends(rule.range()).1;
    let is_inside = is_in(rule.range(), ip) && rule.ports().contains(target.port());
    assert_eq!(
        rule.covers(target),
        is_meant && is_inside,
        "{rule} and {target}"
    );
}

fn check<T>(text: &str) -> Option<T>
where
    T: FromStr<Err = GrantError> + Display + Debug + PartialEq,
{
    match text.parse::<T>() {
        Ok(value) => {
            reads_back(&value);
            Some(value)
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.chars().any(is_steering), "{said:?}");
            assert!(
                said.len() < 4_000 + 8 * text.len(),
                "{} bytes are said",
                said.len()
            );
            None
        }
    }
}

fn targets(bytes: &[u8]) -> impl Iterator<Item = SocketAddr> {
    let (chunks, _) = bytes.as_chunks::<18>();
    let given = chunks.iter().take(64).map(|chunk| {
        let [address @ .., a, b] = chunk;
        let bits = u128::from_be_bytes(*address);
        let ip = match u32::try_from(bits) {
            Ok(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4)),
            Err(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        };
        SocketAddr::new(ip, u16::from_be_bytes([*a, *b]))
    });
    let ports = [0, 1, 80, 443, 65_535];
    let edges = EDGES.iter().zip(ports.into_iter().cycle());
    given.chain(edges.map(|(ip, port)| SocketAddr::new(*ip, port)))
}

fn check_rule(rule: &NetRule, targets: &[SocketAddr]) {
    let grant = NetGrant::Rules(vec![rule.clone()]);
    let name: Arc<str> = match rule.host() {
        NetHost::Name(pattern) => match pattern.exact_name() {
            Some(name) => name.into(),
            None => format!("a{}", pattern.to_string().trim_start_matches('*')).into(),
        },
        NetHost::Public | NetHost::Range(_) => "example.com".into(),
    };
    for target in targets {
        let (ip, is_port) = (target.ip(), rule.ports().contains(target.port()));
        let expected = is_port && !ip.to_canonical().is_unspecified() && opens(rule.host(), ip);
        assert_eq!(
            grant.covers_connect(*target, &[]),
            expected,
            "{rule} and {target}"
        );
        let by_name = match rule.host() {
            NetHost::Name(_) if &*name == "localhost" => is_port && ip.to_canonical().is_loopback(),
            NetHost::Name(_) => is_port && reserved(ip).is_none(),
            NetHost::Public | NetHost::Range(_) => expected,
        };
        let names = [Arc::clone(&name)];
        assert_eq!(
            grant.covers_connect(*target, &names),
            by_name,
            "{rule} and {target} for {name}"
        );
    }
}

/// Whether a rule opens an address whatever it is called: a public one, or one whose whole reserved span
/// contains the rule.
fn opens(host: &NetHost, ip: IpAddr) -> bool {
    match (host, reserved(ip)) {
        (NetHost::Public, span) => span.is_none(),
        (NetHost::Name(_), _) => false,
        (NetHost::Range(range), None) => is_in(*range, ip),
        (NetHost::Range(range), Some(span)) => {
            let (first, last) = ends(*range);
            is_in(*range, ip) && span.first <= first && last <= span.last
        }
    }
}

/// The numbers of the first and the last address of a range.
fn ends(range: Cidr) -> (u128, u128) {
    let (is_v4, first) = number(range.network());
    let width = if is_v4 { 32 } else { 128 };
    let n_free = width - u32::from(range.prefix());
    let free = u128::MAX.checked_shr(128 - n_free).unwrap_or(0);
    (first, first | free)
}

fn is_in(range: Cidr, ip: IpAddr) -> bool {
    let ((is_v4, _), (ip_is_v4, number)) = (number(range.network()), number(ip));
    let (first, last) = ends(range);
    is_v4 == ip_is_v4 && (first..=last).contains(&number)
}
