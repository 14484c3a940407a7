//! What a process looked up: which names led it to which address.
//!
//! A rule that names a host opens an address only to a process that got it for that name. The memory is bounded; who asks for more
//! than it holds loses the oldest, and has to look that name up again before it connects.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

/// Addresses that are remembered of one process.
const ADDRESSES_MAX: usize = 1_024;
/// Names that are remembered of one address: many live behind one.
const NAMES_MAX: usize = 16;

/// Addresses with the names that they were found under.
#[derive(Debug, Default)]
pub(super) struct Found {
    names: HashMap<IpAddr, Arc<[Arc<str>]>>,
    /// Every address once, the one that was found longest ago first.
    order: VecDeque<IpAddr>,
}

impl Found {
    /// The name led to these addresses just now.
    pub(super) fn remember(&mut self, name: &Arc<str>, addresses: &[IpAddr]) {
        for &address in addresses {
            self.order.retain(|known| *known != address);
            self.order.push_back(address);
            let names = self.names.entry(address).or_default();
            let others = names.iter().filter(|known| *known != name).cloned();
            *names = std::iter::once(Arc::clone(name))
                .chain(others)
                .take(NAMES_MAX)
                .collect();
        }
        while self.order.len() > ADDRESSES_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.names.remove(&oldest);
            }
        }
    }

    /// The names that an address was found under.
    pub(super) fn names_of(&self, address: IpAddr) -> Option<Arc<[Arc<str>]>> {
        self.names.get(&address.to_canonical()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    fn names(found: &Found, address: IpAddr) -> Vec<String> {
        let names = found.names_of(address);
        names
            .iter()
            .flat_map(|names| names.iter())
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn an_address_has_the_names_it_was_found_under_and_no_others() {
        let mut found = Found::default();
        found.remember(&"a.example".into(), &[address(1), address(2)]);
        found.remember(&"b.example".into(), &[address(2)]);
        found.remember(&"a.example".into(), &[address(2)]);
        assert_eq!(names(&found, address(1)), ["a.example"]);
        assert_eq!(names(&found, address(2)), ["a.example", "b.example"]);
        assert!(found.names_of(address(3)).is_none());
    }

    #[test]
    fn the_oldest_go_first_and_the_memory_stays_bounded() {
        let mut found = Found::default();
        found.remember(&"first.example".into(), &[address(0)]);
        let others: Vec<_> = (1..2_000).map(address).collect();
        for number in 0..40 {
            found.remember(&format!("n{number}.example").into(), &others);
        }
        assert_eq!(
            (found.order.len(), found.names.len()),
            (ADDRESSES_MAX, ADDRESSES_MAX)
        );
        assert!(found.names_of(address(0)).is_none());
        assert_eq!(names(&found, address(1_999)).len(), NAMES_MAX);
        found.remember(&"again.example".into(), &[address(1_000)]);
        found.remember(&"last.example".into(), &[address(0)]);
        assert!(
            found.names_of(address(1_000)).is_some(),
            "it was found again just now"
        );
    }
}
