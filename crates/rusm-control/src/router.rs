//! Which handler answers which path and method.
//!
//! A pattern is a path whose segments are words, or names in braces that take any text: `/v1/kv/buckets/{bucket}/keys`. Another endpoint
//! is another line at [`Router::on`] and the function that it names.

use crate::error::{ApiError, Code};
use crate::reply::Reply;
use crate::request::{Names, Request, nearest};
use crate::target::Target;
use http::Method;
use std::fmt;
use std::pin::Pin;

/// What a handler comes to.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, ApiError>> + Send + 'a>>;

type Handler = Box<dyn for<'a> Fn(&'a mut Request) -> Answer<'a> + Send + Sync>;

/// The endpoints of a control socket.
#[derive(Default)]
pub struct Router {
    routes: Vec<Route>,
}

struct Route {
    method: Method,
    pattern: &'static str,
    handler: Handler,
}

impl Router {
    /// No endpoint.
    pub fn new() -> Router {
        Router::default()
    }

    /// Answers what comes with this method to this pattern by `handler`, which is given the state.
    ///
    /// ```
    /// use http::Method;
    /// use rusm_control::{Answer, ApiError, Reply, Request, Router};
    /// use std::sync::Arc;
    ///
    /// async fn greet(word: Arc<str>, request: &mut Request) -> Result<Reply, ApiError> {
    ///     let times = request.query.value("times", "a number")?.unwrap_or(1);
    ///     request.query.finish()?;
    ///     let name = request.names.get("name");
    ///     Ok(Reply::json(&vec![format!("{word}, {name}"); times]))
    /// }
    ///
    /// let word: Arc<str> = "hello".into();
    /// let router = Router::new().on(&word, Method::GET, "/v1/greetings/{name}", |word, request| {
    ///     Box::pin(greet(word, request))
    /// });
    /// router.check(&Method::GET, "/v1/greetings/%C3%9C?times=2").unwrap();
    /// let error = router.check(&Method::GET, "/v1/greeting/x").unwrap_err();
    /// assert_eq!(error.help.as_deref(), Some("did you mean /v1/greetings/{name}?"));
    /// ```
    pub fn on<S: Clone + Send + Sync + 'static>(
        mut self,
        state: &S,
        method: Method,
        pattern: &'static str,
        handler: impl for<'a> Fn(S, &'a mut Request) -> Answer<'a> + Send + Sync + 'static,
    ) -> Router {
        let state = state.clone();
        self.routes.push(Route {
            method,
            pattern,
            handler: Box::new(move |request| handler(state.clone(), request)),
        });
        self
    }

    /// Whether there is an endpoint for this method and this path with its query.
    ///
    /// # Errors
    /// What a client would be told.
    pub fn check(&self, method: &Method, target: &str) -> Result<(), ApiError> {
        let target = Target::read(target)?;
        self.find(method, &target.segments).map(|_| ())
    }

    /// Finds the handler, and what the path names for it.
    pub(crate) fn find(
        &self,
        method: &Method,
        segments: &[String],
    ) -> Result<(&Handler, Names), ApiError> {
        let mut methods = Vec::new();
        for route in &self.routes {
            match names(route.pattern, segments) {
                Some(names) if route.method == *method => return Ok((&route.handler, names)),
                Some(_) => methods.push(route.method.as_str()),
                None => {}
            }
        }
        if methods.is_empty() {
            return Err(self.unknown(segments));
        }
        let message = format!("this endpoint does not take {method}");
        let allow = methods.join(", ");
        let mut error = ApiError::new(Code::WrongMethod, message).help(format!("it takes {allow}"));
        error.allow = Some(allow);
        Err(error)
    }

    fn unknown(&self, segments: &[String]) -> ApiError {
        let path = format!("/{}", segments.join("/"));
        let error = ApiError::new(Code::NoEndpoint, format!("there is no endpoint {path:?}"));
        let patterns = self.routes.iter().map(|route| route.pattern);
        match nearest(&path, patterns) {
            Some(near) => error.help(format!("did you mean {near}?")),
            None => error,
        }
    }
}

/// The texts that the pattern gives names; none if the path is another.
fn names(pattern: &'static str, segments: &[String]) -> Option<Names> {
    let mut parts = pattern.split('/').skip(1);
    let mut names = Vec::new();
    for segment in segments {
        let part = parts.next()?;
        match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) => names.push((name, segment.clone())),
            None if part == segment => {}
            None => return None,
        }
    }
    parts.next().is_none().then_some(Names(names))
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.routes.iter();
        f.debug_list()
            .entries(routes.map(|route| format!("{} {}", route.method, route.pattern)))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router() -> Router {
        let on = |router: Router, method, pattern| {
            router.on(&(), method, pattern, |(), _| {
                Box::pin(async { Ok(Reply::json(&())) })
            })
        };
        let router = on(
            Router::new(),
            Method::GET,
            "/v1/buckets/{bucket}/keys/{key}",
        );
        on(router, Method::POST, "/v1/compact")
    }

    fn find(method: Method, path: &str) -> Result<Names, ApiError> {
        let target = Target::read(path).unwrap();
        router()
            .find(&method, &target.segments)
            .map(|(_, names)| names)
    }

    #[test]
    fn names_are_whole_segments_whatever_is_in_them() {
        for (path, bucket, key) in [
            ("/v1/buckets/a/keys/b", "a", "b"),
            (
                "/v1/buckets/../keys/..%2f..%2fcompact",
                "..",
                "../../compact",
            ),
            ("/v1/buckets//keys/%00", "", "\0"),
        ] {
            let names = find(Method::GET, path).unwrap();
            assert_eq!((names.get("bucket"), names.get("key")), (bucket, key));
        }
    }

    #[test]
    fn what_is_not_there_is_told_what_is() {
        let error = find(Method::POST, "/v1/compat").unwrap_err();
        assert_eq!(error.code, Code::NoEndpoint);
        assert_eq!(error.help.unwrap(), "did you mean /v1/compact?");
        for path in [
            "/",
            "/v1",
            "/v1/buckets/a/keys/b/",
            "/v1/buckets/a/keys/b/c",
            "//v1/compact",
        ] {
            assert_eq!(find(Method::GET, path).unwrap_err().code, Code::NoEndpoint);
        }
        let error = find(Method::GET, "/v1/compact").unwrap_err();
        assert_eq!(error.code, Code::WrongMethod);
        assert_eq!(error.help.unwrap(), "it takes POST");
    }
}
