//! A request as a handler sees it: what its path names, what its query asks for, its body.

use crate::body::RequestBody;
use crate::budget::Budget;
use crate::crew::Member;
use crate::error::ApiError;
use crate::time::Time;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

/// What a handler is given.
pub struct Request {
    /// What the path names.
    pub names: Names,
    /// What the query asks for.
    pub query: Query,
    pub(crate) body: RequestBody,
    /// What large answers and bodies are taken from.
    pub(crate) budget: Budget,
    pub(crate) time: Arc<dyn Time>,
    /// Kept by whatever goes on when the request is answered.
    pub(crate) member: Member,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("names", &self.names)
            .field("query", &self.query)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// The texts of a path that its pattern gives names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub(crate) Vec<(&'static str, String)>);

impl Names {
    /// The text of this name.
    ///
    /// # Panics
    /// When the pattern has no such name.
    pub fn get(&self, name: &str) -> &str {
        let mut names = self.0.iter();
        let (_, text) = names
            .find(|(known, _)| *known == name)
            .expect("a handler asks for names of its own pattern");
        text
    }
}

/// The parameters of a request. Each is taken by its name; what is left at the end was not known.
#[derive(Clone, Debug, Default)]
pub struct Query {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Query {
    pub(crate) fn new(given: Vec<(String, String)>) -> Query {
        let known = Vec::new();
        Query { given, known }
    }

    /// The value of a parameter, if it is given.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let at = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.swap_remove(at).1)
    }

    /// A number, or whatever else reads from a text; `kind` says what is expected.
    ///
    /// # Errors
    /// When it reads otherwise.
    pub fn value<T: FromStr>(
        &mut self,
        name: &'static str,
        kind: impl Display,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let value = text
            .parse()
            .map_err(|_| ApiError::bad_request(format!("{name} is to be {kind}, and is {text:?}")));
        value.map(Some)
    }

    /// Refuses what nobody has taken.
    ///
    /// # Errors
    /// A parameter that is not known here, with the nearest that is.
    pub fn finish(&self) -> Result<(), ApiError> {
        let Some((unknown, _)) = self.given.first() else {
            return Ok(());
        };
        let error = ApiError::bad_request(format!("there is no parameter {unknown:?} here"));
        Err(match nearest(unknown, self.known.iter().copied()) {
            Some(known) => error.help(format!("did you mean {known}?")),
            None if self.known.is_empty() => error.help("this endpoint takes none"),
            None => error.help(format!("there is {}", self.known.join(", "))),
        })
    }
}

/// The known name that is most like a mistyped one, if any is.
pub(crate) fn nearest<'k>(
    typed: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let near = |known: &'k str| (strsim::normalized_damerau_levenshtein(typed, known), known);
    let best = known
        .into_iter()
        .map(near)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness > 0.6)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(given: &[(&str, &str)]) -> Query {
        let given = given.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        Query::new(given.collect())
    }

    #[test]
    fn parameters_are_known_and_of_their_kind() {
        let mut asked = query(&[("limit", "10"), ("prefix", "a")]);
        assert_eq!(asked.value::<u64>("limit", "a number"), Ok(Some(10)));
        assert_eq!(asked.text("start"), None);
        assert!(asked.finish().is_err());
        assert_eq!(asked.text("prefix").as_deref(), Some("a"));
        assert_eq!(asked.finish(), Ok(()));
        for wrong in ["", "-1", "1e3", " 1", "18446744073709551616"] {
            let mut asked = query(&[("limit", wrong)]);
            let error = asked.value::<u64>("limit", "a number").unwrap_err();
            assert!(error.message.contains("limit"), "{error}");
        }
    }

    #[test]
    fn a_mistyped_parameter_is_told_the_nearest_right_one() {
        let mut asked = query(&[("limt", "10")]);
        let _none = (asked.text("limit"), asked.text("prefix"));
        let help = asked.finish().unwrap_err().help.unwrap();
        assert_eq!(help, "did you mean limit?");
    }
}
