//! The decision: one exhaustive match from a profile and a request to yes or no.
//!
//! Pure. It looks at nothing but its two arguments, so the same question always has the same
//! answer, and a defect of policy can be shown without a guest.

use crate::{Denied, Profile, Relation, Request};

/// Whether the profile allows the request, and if not, why and what would.
///
/// Allocates only for a denial. Prefer [`crate::Guard::check`], which also writes the audit.
pub fn decide(profile: &Profile, request: &Request<'_>) -> Result<(), Denied> {
    if allows(profile, request) {
        Ok(())
    } else {
        Err(Denied::new(profile, request))
    }
}

/// The one place where policy is applied.
#[inline]
pub(crate) fn allows(profile: &Profile, request: &Request<'_>) -> bool {
    match request {
        Request::Send { to } => match to.relation {
            Relation::Own | Relation::Child | Relation::Parent | Relation::Descendant => true,
            Relation::Other => profile.send().covers(to),
        },
        Request::Link { to } => match to.relation {
            Relation::Own | Relation::Child | Relation::Parent => true,
            Relation::Descendant | Relation::Other => profile.process_control(),
        },
        Request::Signal { to } | Request::ProcessControl { to } => match to.relation {
            Relation::Own | Relation::Child | Relation::Descendant => true,
            Relation::Parent | Relation::Other => profile.process_control(),
        },
        Request::ListProcesses => profile.process_control(),
        Request::Spawn { component } => profile.spawn().covers(component),
        Request::Load => profile.load(),
        Request::Storage { bucket, access, .. } => profile.storage().covers(bucket, *access),
        Request::OpenDir {
            host,
            guest,
            access,
        } => profile
            .dirs()
            .iter()
            .any(|dir| dir.guest() == *guest && dir.allows(*access) && dir.host() == *host),
        Request::Beneath { .. } => false,
        Request::Env { name } => profile.env().iter().any(|grant| grant.covers(name)),
        Request::Connect { addr, names, .. } => profile.network().covers_connect(*addr, names),
        Request::ConnectName { name, port } => profile.network().covers_name(name, *port),
        // Nobody can be reached through it yet: connecting, sending, listening are asked again.
        Request::Bind { addr, .. } if addr.port() == 0 => !profile.network().is_empty(),
        Request::Bind { addr, .. } | Request::Listen { addr } => profile.listen().covers(*addr),
        Request::ResolveName { name } => profile.network().covers_lookup(name),
        Request::Stdio => profile.stdio(),
        Request::HostFunction { name } => profile.host_functions().covers(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Peer, SendGrant};

    fn peer(relation: Relation) -> Peer<'static> {
        Peer {
            pid: 7,
            name: Some("ledger"),
            component: "bank",
            relation,
        }
    }

    /// The table of relations: what is open to a profile with nothing, row by row.
    #[test]
    fn what_relatives_may_do_to_each_other() {
        let nothing = Profile::builder("nothing").build().unwrap();
        let rows = [
            // relation, send, link, signal, control
            (Relation::Own, true, true, true, true),
            (Relation::Child, true, true, true, true),
            (Relation::Parent, true, true, false, false),
            (Relation::Descendant, true, false, true, true),
            (Relation::Other, false, false, false, false),
        ];
        for (relation, send, link, signal, control) in rows {
            let to = peer(relation);
            assert_eq!(
                allows(&nothing, &Request::Send { to }),
                send,
                "send {relation:?}"
            );
            assert_eq!(
                allows(&nothing, &Request::Link { to }),
                link,
                "link {relation:?}"
            );
            assert_eq!(
                allows(&nothing, &Request::Signal { to }),
                signal,
                "signal {relation:?}"
            );
            assert_eq!(
                allows(&nothing, &Request::ProcessControl { to }),
                control,
                "control {relation:?}"
            );
        }
    }

    /// A listed name opens whoever is addressed by it, a listed component whoever runs it.
    #[test]
    fn sending_is_allowed_by_name_or_by_component() {
        let to = peer(Relation::Other);
        for (listed, allowed) in [("ledger", true), ("bank", true), ("other", false)] {
            let profile = Profile::builder("p")
                .send(SendGrant::listed([listed]))
                .build()
                .unwrap();
            assert_eq!(allows(&profile, &Request::Send { to }), allowed, "{listed}");
        }
    }

    /// An outgoing socket may be bound to port 0 by who has any network; a chosen port is listening,
    /// and is opened by `allow-listen` alone.
    #[test]
    fn binding_a_chosen_port_is_listening() {
        let bind = |addr: &str| Request::Bind {
            addr: addr.parse().unwrap(),
            proto: crate::Protocol::Udp,
        };
        assert!(allows(&Profile::network_client(), &bind("0.0.0.0:0")));
        assert!(!allows(&Profile::trusted(), &bind("0.0.0.0:53")));
        assert!(!allows(&Profile::sandboxed(), &bind("0.0.0.0:0")));
        let listen = |addr: &str| Request::Listen {
            addr: addr.parse().unwrap(),
        };
        assert!(!allows(&Profile::trusted(), &listen("127.0.0.1:0")));
        let server = Profile::builder("server")
            .listen(crate::ListenGrant::Rules(vec![
                "127.0.0.1:53".parse().unwrap(),
            ]))
            .build()
            .unwrap();
        assert!(allows(&server, &bind("127.0.0.1:53")) && allows(&server, &listen("127.0.0.1:53")));
        assert!(!allows(&server, &bind("127.0.0.1:54")) && !allows(&server, &listen("0.0.0.0:53")));
        assert!(!allows(&server, &bind("127.0.0.1:0")));
    }
}
