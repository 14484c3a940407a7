//! Functions of the embedding program: by interface, or by a single function of one.
//!
//! Written as WIT writes them: `acme:billing/charge` is every function of that interface in every
//! version, `acme:billing/charge@1.2.0` those of one version, and `#pay` behind either is the one
//! function of that name.

use std::fmt;
use std::str::FromStr;

use super::{GrantError, listed};

const NAME_BYTES_MAX: usize = 255;

/// An interface of the embedding program, or one function of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostFunctionName {
    text: Box<str>,
}

/// `interface`, `version` and `function` of `acme:billing/charge@1.2.0#pay`.
type Parts<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

fn parts(text: &str) -> Parts<'_> {
    let (path, function) = match text.split_once('#') {
        Some((path, function)) => (path, Some(function)),
        None => (text, None),
    };
    match path.split_once('@') {
        Some((interface, version)) => (interface, Some(version), function),
        None => (path, None, function),
    }
}

impl HostFunctionName {
    /// Whether it is about the interface or function of that full name.
    pub fn covers(&self, name: &str) -> bool {
        let (interface, version, function) = parts(&self.text);
        let (asked_interface, asked_version, asked_function) = parts(name);
        interface == asked_interface
            && (version.is_none() || version == asked_version)
            && (function.is_none() || function == asked_function)
    }

    /// It as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for HostFunctionName {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<HostFunctionName, GrantError> {
        let error = |reason: &str| {
            GrantError::new(
                format!("cannot read {text:?} as the name of a host function"),
                reason,
            )
            .hint("write \"acme:billing/charge\", \"acme:billing/charge@1.2.0\" or \"acme:billing/charge#pay\"")
        };
        if text.len() > NAME_BYTES_MAX {
            return Err(error("it is longer than 255 bytes"));
        }
        let (interface, version, function) = parts(text);
        let package = interface.split_once(':');
        let Some((namespace, (package, interface))) =
            package.and_then(|(namespace, rest)| Some((namespace, rest.split_once('/')?)))
        else {
            return Err(error(
                "it is not of the form namespace:package/interface, as WIT writes it",
            ));
        };
        if ![namespace, package, interface].into_iter().all(is_kebab) {
            return Err(error(
                "a part of it is not of the form words-joined-by-hyphens",
            ));
        }
        if version.is_some_and(|version| !is_version(version)) {
            return Err(error("its version is not of the form 1.2.3"));
        }
        if function.is_some_and(|function| !is_function(function)) {
            return Err(error(
                "what stands behind '#' is not the name of a function",
            ));
        }
        Ok(HostFunctionName { text: text.into() })
    }
}

/// An identifier of WIT: words of letters and digits that begin with a letter, each of one case.
fn is_kebab(text: &str) -> bool {
    text.split('-').all(|word| {
        let one_case = |is_case: fn(&u8) -> bool| {
            word.as_bytes().first().is_some_and(is_case)
                && word.bytes().all(|b| is_case(&b) || b.is_ascii_digit())
        };
        one_case(u8::is_ascii_lowercase) || one_case(u8::is_ascii_uppercase)
    })
}

/// `pay`, or what belongs to a resource: `[method]account.pay`, `[constructor]account`.
fn is_function(text: &str) -> bool {
    let Some((kind, name)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return is_kebab(text);
    };
    match kind {
        "constructor" => is_kebab(name),
        "method" | "static" => name
            .split_once('.')
            .is_some_and(|(resource, function)| is_kebab(resource) && is_kebab(function)),
        _ => false,
    }
}

/// A semantic version: three numbers, then whatever follows a hyphen or a plus.
fn is_version(text: &str) -> bool {
    let (core, rest) = match text.find(['-', '+']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    core.split('.').count() == 3 && core.split('.').all(number) && rest.bytes().all(plain)
}

impl fmt::Display for HostFunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Which functions of the embedding program may be called. The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFunctionGrant {
    names: Vec<HostFunctionName>,
}

impl HostFunctionGrant {
    /// Exactly these.
    pub fn listed<I: IntoIterator<Item = HostFunctionName>>(names: I) -> HostFunctionGrant {
        HostFunctionGrant {
            names: names.into_iter().collect(),
        }
    }

    /// What is listed.
    pub fn names(&self) -> &[HostFunctionName] {
        &self.names
    }

    /// Whether the interface or function of that full name may be called.
    pub fn covers(&self, name: &str) -> bool {
        self.names.iter().any(|listed| listed.covers(name))
    }

    /// Whether nothing may be called.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether everything that `narrower` may call may be called by this.
    pub fn covers_grant(&self, narrower: &HostFunctionGrant) -> bool {
        narrower.names.iter().all(|inner| self.covers(&inner.text))
    }
}

impl fmt::Display for HostFunctionGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            f.write_str("no host functions")
        } else {
            f.write_str(&listed(self.names.iter()))
        }
    }
}
