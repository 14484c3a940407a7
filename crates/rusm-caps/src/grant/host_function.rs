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
    interface: Box<str>,
    version: Option<Box<str>>,
    function: Option<Box<str>>,
}

/// The parts of `acme:billing/charge@1.2.0#pay`, not looked at.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    interface: &'a str,
    version: Option<&'a str>,
    function: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Parts<'a> {
        let split = |text: &'a str, at| match text.split_once(at) {
            Some((before, behind)) => (before, Some(behind)),
            None => (text, None),
        };
        let (path, function) = split(text, '#');
        let (interface, version) = split(path, '@');
        Parts {
            interface,
            version,
            function,
        }
    }
}

impl HostFunctionName {
    /// Whether it is about the interface or function of that full name.
    pub fn covers(&self, name: &str) -> bool {
        self.covers_parts(Parts::of(name))
    }

    fn covers_parts(&self, asked: Parts<'_>) -> bool {
        let within = |bound: &Option<Box<str>>, asked| bound.is_none() || bound.as_deref() == asked;
        *self.interface == *asked.interface
            && within(&self.version, asked.version)
            && within(&self.function, asked.function)
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            interface: &self.interface,
            version: self.version.as_deref(),
            function: self.function.as_deref(),
        }
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
        let parts = Parts::of(text);
        let ids = parts.interface.split_once(':');
        let Some((namespace, (package, interface))) =
            ids.and_then(|(namespace, rest)| Some((namespace, rest.split_once('/')?)))
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
        if parts.version.is_some_and(|version| !is_version(version)) {
            return Err(error("its version is not of the form 1.2.3"));
        }
        if parts
            .function
            .is_some_and(|function| !is_function(function))
        {
            return Err(error(
                "what stands behind '#' is not the name of a function",
            ));
        }
        Ok(HostFunctionName {
            interface: parts.interface.into(),
            version: parts.version.map(Into::into),
            function: parts.function.map(Into::into),
        })
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
        f.write_str(&self.interface)?;
        if let Some(version) = &self.version {
            write!(f, "@{version}")?;
        }
        match &self.function {
            Some(function) => write!(f, "#{function}"),
            None => Ok(()),
        }
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
        self.covers_parts(Parts::of(name))
    }

    /// Whether nothing may be called.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether everything that `narrower` may call may be called by this.
    pub fn covers_grant(&self, narrower: &HostFunctionGrant) -> bool {
        let mut narrower = narrower.names.iter();
        narrower.all(|inner| self.covers_parts(inner.parts()))
    }

    fn covers_parts(&self, asked: Parts<'_>) -> bool {
        self.names.iter().any(|listed| listed.covers_parts(asked))
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

#[cfg(test)]
mod tests;
