//! Host names: which text is one, and which names a rule is about.
//!
//! A host name is what RFC 952 and RFC 1123 say: labels of 1 to 63 ASCII letters, digits and
//! hyphens, no hyphen at a label's edge, 253 bytes in all. An internationalised name is written in
//! its ASCII form (`xn--…`), as typed; nothing is converted, so no look-alike passes for another
//! name. Text whose last label is a number is no name, whatever else it is: resolvers read
//! `2130706433`, `0x7f.1` and `127.1` as IPv4 addresses (the URL standard's "ends in a number").
//!
//! Names are compared without regard to case. One trailing dot, which marks a name as complete,
//! is not part of it.

use std::fmt;
use std::sync::Arc;

use super::disguise::disguised;
use super::parse::rule_error;
use crate::grant::GrantError;

/// The longest name, without its trailing dot (RFC 1035, section 2.3.4).
const NAME_BYTES_MAX: usize = 253;
/// The longest label (the same).
const LABEL_BYTES_MAX: usize = 63;

/// One host name, or every name beneath a domain, written `*.example.com`.
///
/// `*.example.com` is about `api.example.com` and `a.b.example.com`, and not about `example.com`
/// itself. It may stand before a single label (`*.internal`). Kept in lower case, without a
/// trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern {
    stem: Arc<str>,
    is_domain: bool,
}

impl HostPattern {
    /// Whether it is about that name; never about what is no host name.
    pub fn covers(&self, name: &str) -> bool {
        host_name(name).is_some_and(|name| self.covers_host(name))
    }

    /// The same for what [`host_name`] has returned.
    pub(super) fn covers_host(&self, name: &str) -> bool {
        let (stem, name) = (self.stem.as_bytes(), name.as_bytes());
        if !self.is_domain {
            return name.eq_ignore_ascii_case(stem);
        }
        let Some(n_before) = name.len().checked_sub(stem.len()) else {
            return false;
        };
        let (before, tail) = name.split_at(n_before);
        before.len() > 1 && before.ends_with(b".") && tail.eq_ignore_ascii_case(stem)
    }

    /// The one name, or none if this is a domain.
    pub fn exact_name(&self) -> Option<&str> {
        (!self.is_domain).then_some(&*self.stem)
    }

    /// Whether it is about every name that `narrower` is about.
    pub fn covers_pattern(&self, narrower: &HostPattern) -> bool {
        match (self.is_domain, narrower.is_domain) {
            (false, true) => false,
            (_, false) => self.covers_host(&narrower.stem),
            (true, true) => self.stem == narrower.stem || self.covers_host(&narrower.stem),
        }
    }

    /// Whether it is the one name that stands for loopback (RFC 6761, section 6.3).
    pub(super) fn is_localhost(&self) -> bool {
        !self.is_domain && &*self.stem == "localhost"
    }

    /// Reads the host of the rule `text`.
    pub(super) fn read(host: &str, text: &str) -> Result<HostPattern, GrantError> {
        let (stem, is_domain) = match host.strip_prefix("*.") {
            Some(stem) => (stem, true),
            None => (host, false),
        };
        let name = checked(stem).map_err(|fault| match disguised(without_dot(stem)) {
            Some(meant) => rule_error(text, "it is an IP address in disguise").hint(format!(
                "a resolver would read it as {meant}; write that if it is meant"
            )),
            None => fault.explain(text),
        })?;
        Ok(HostPattern {
            stem: name.to_ascii_lowercase().into(),
            is_domain,
        })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_domain { "*." } else { "" })?;
        f.write_str(&self.stem)
    }
}

/// The name without its trailing dot, if it is a host name.
pub(super) fn host_name(text: &str) -> Option<&str> {
    checked(text).ok()
}

/// The name without the dot that marks it as complete.
pub(super) fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

fn checked(text: &str) -> Result<&str, Fault> {
    let name = without_dot(text);
    if name.len() > NAME_BYTES_MAX {
        return Err(Fault::Long);
    }
    for label in name.split('.') {
        check_label(label)?;
    }
    if name.rsplit('.').next().is_some_and(is_number) {
        return Err(Fault::Number);
    }
    Ok(name)
}

fn check_label(label: &str) -> Result<(), Fault> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if label.is_empty() {
        Err(Fault::EmptyLabel)
    } else if label.len() > LABEL_BYTES_MAX {
        Err(Fault::LongLabel)
    } else if !label.bytes().all(is_plain) {
        Err(strangeness(label))
    } else if label.starts_with('-') || label.ends_with('-') {
        Err(Fault::Hyphen)
    } else {
        Ok(())
    }
}

/// What is wrong with the characters of a label.
fn strangeness(label: &str) -> Fault {
    if !label.is_ascii() {
        Fault::NotAscii
    } else if label.contains('_') {
        Fault::Underscore
    } else if label.contains('*') {
        Fault::Star
    } else {
        Fault::Strange
    }
}

/// Whether a resolver takes the label for a number: decimal and octal, or hexadecimal after `0x`.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x").or(label.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Why a text is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Long,
    EmptyLabel,
    LongLabel,
    NotAscii,
    Underscore,
    Star,
    Strange,
    Hyphen,
    Number,
}

impl Fault {
    fn explain(self, text: &str) -> GrantError {
        let (reason, hint) = match self {
            Fault::Long => ("a host name has at most 253 characters", ""),
            Fault::EmptyLabel => ("a part of the name between two dots is empty", ""),
            Fault::LongLabel => ("a part of the name has more than 63 characters", ""),
            Fault::NotAscii => (
                "a host name is ASCII, so that no letter passes for another",
                "write an internationalised name in its ASCII form, which begins with xn--",
            ),
            Fault::Underscore => (
                "a host name has no underscore (RFC 1123)",
                "name the host by its address, if it is only known by such a name",
            ),
            Fault::Star => (
                "'*' only stands for everything before the first dot",
                "write \"*.example.com\"",
            ),
            Fault::Strange => (
                "it is neither \"public\" nor a host name, an IP address or a range",
                "write \"api.example.com:443\", \"*.example.com\", \"10.1.0.0/16:5432\" or \"[::1]:80\"",
            ),
            Fault::Hyphen => ("a part of the name begins or ends with a hyphen", ""),
            Fault::Number => (
                "it ends in a number and is not an IP address",
                "write 10.1.2.3, 10.1.0.0/16 or [fd00::1]",
            ),
        };
        let error = rule_error(text, reason);
        if hint.is_empty() {
            error
        } else {
            error.hint(hint)
        }
    }
}

#[cfg(test)]
mod tests;
