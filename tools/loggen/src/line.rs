//! Well-formed lines: [`Line`], its fields, and how they are drawn.

use crate::random::Random;
use crate::vocabulary::{
    AGENTS, HOSTS, IPV6_HOSTS, METHODS, ODD_AGENTS, ODD_METHODS, PAGES, PROTOCOLS, REFERRERS,
    STATUSES, USERS,
};

/// The fields of a line; any of them may be spoilt before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) host: String,
    pub(crate) user: String,
    pub(crate) time: String,
    pub(crate) request: Vec<u8>,
    pub(crate) status: String,
    pub(crate) size: String,
    pub(crate) referrer: String,
    pub(crate) agent: Vec<u8>,
}

impl Line {
    /// Draws a well-formed line, now and then an odd one. `second` counts from the log's first line.
    pub(crate) fn draw(random: &mut Random, second: u64) -> Self {
        let status = random.pick(STATUSES);
        Self {
            host: host(random),
            user: if random.chance(1, 50) {
                random.pick(USERS)
            } else {
                "-"
            }
            .into(),
            time: time(second),
            request: request(random).into_bytes(),
            status: status.into(),
            size: size(random, status),
            referrer: random.pick(REFERRERS).into(),
            agent: if random.chance(1, 200) {
                random.pick(ODD_AGENTS)
            } else {
                random.pick(AGENTS)
            }
            .into(),
        }
    }

    /// The line's bytes, without its end.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self {
            host,
            user,
            time,
            request,
            status,
            size,
            referrer,
            agent,
        } = self;
        let head = format!("{host} - {user} [{time}] \"");
        let tail = format!("\" {status} {size} \"{referrer}\" \"");
        [head.as_bytes(), request, tail.as_bytes(), agent, b"\""].concat()
    }
}

fn host(random: &mut Random) -> String {
    match random.below(100) {
        0..=3 => random.pick(IPV6_HOSTS).into(),
        4..=6 => random.pick(HOSTS).into(),
        _ => {
            let (network, machine) = (random.below(200), random.below(254) + 1);
            format!("198.51.{network}.{machine}")
        }
    }
}

fn request(random: &mut Random) -> String {
    let method = if random.chance(1, 300) {
        random.pick(ODD_METHODS)
    } else {
        random.pick(METHODS)
    };
    let protocol = random.pick(PROTOCOLS);
    format!("{method} {} {protocol}", target(random))
}

fn target(random: &mut Random) -> String {
    let page = PAGES
        .get(random.skewed_index(PAGES.len()))
        .expect("the index is below the length");
    match random.below(2_000) {
        // An attack, or a form that should have been a POST: a URL of several thousand bytes.
        0 => {
            let n_letters = 2_000 + random.index(6_000);
            format!("{page}?data={}", "%41Ab0-".repeat(n_letters / 7))
        }
        1 => format!("/{}", "../".repeat(1 + random.index(800))),
        2..=9 => format!("http://www.example.com{page}"),
        10..=399 => format!("{page}?page={}&sort=asc?", random.below(40)),
        _ => page.to_string(),
    }
}

/// Nothing was sent for a 304, which the format writes as a dash.
fn size(random: &mut Random, status: &str) -> String {
    match status {
        "304" => "-".into(),
        "206" if random.chance(1, 20) => (3_000_000_000 + random.below(9_000_000_000)).to_string(),
        _ => random.below(60_000).to_string(),
    }
}

/// Within October 2025, beginning anew after its end; 26 bytes.
fn time(second: u64) -> String {
    let (day, hour) = (second / 86_400 % 31 + 1, second / 3_600 % 24);
    let (minute, second) = (second / 60 % 60, second % 60);
    format!("{day:02}/Oct/2025:{hour:02}:{minute:02}:{second:02} +0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time has the length that the definition asks for, whenever it is.
    #[test]
    fn times_are_26_bytes() {
        for second in [
            0,
            59,
            86_399,
            86_400,
            31 * 86_400 - 1,
            31 * 86_400,
            u64::MAX,
        ] {
            assert_eq!(time(second).len(), 26, "{second}");
        }
    }
}
