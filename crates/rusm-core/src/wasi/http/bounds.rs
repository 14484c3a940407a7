//! What a request says of itself lies in the host's memory, and there is an end to that.
//!
//! Header fields are bounded by Wasmtime, paths and schemes by the types in which they are kept. A method or an authority could be of any
//! length, and a guest may have as many requests as its table has entries; so the functions that set them are shadowed.

use super::view;
use crate::code::Guest;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types as p2;
use wasmtime_wasi_http::p2::types::HostOutgoingRequest;
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::http::types as p3;

/// Bytes. The longest that is registered has 17.
const METHOD_BYTES_MAX: usize = 256;
/// Bytes. A host name has 253 at most (RFC 1035) and a port six with its colon; what is left is for a user, whom [`super::target`] refuses.
const AUTHORITY_BYTES_MAX: usize = 1_024;

/// What both setters answer: WASI's errors of them say no more.
type Set = Result<(), ()>;

/// Shadows the setters of WASI 0.2. Call it after Wasmtime's own were added.
pub(super) fn shadow_p2<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    type Own = Resource<HostOutgoingRequest>;
    linker.allow_shadowing(true);
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    types.func_wrap(
        "[method]outgoing-request.set-method",
        |mut store: StoreContextMut<'_, T>, (request, method): (Own, p2::Method)| {
            if let p2::Method::Other(name) = &method
                && name.len() > METHOD_BYTES_MAX
            {
                return Ok((Set::Err(()),));
            }
            let mut http = view(store.data_mut());
            Ok((p2::HostOutgoingRequest::set_method(
                &mut http, request, method,
            )?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-authority",
        |mut store: StoreContextMut<'_, T>, (request, authority): (Own, Option<String>)| {
            if is_too_long(authority.as_deref()) {
                return Ok((Set::Err(()),));
            }
            let mut http = view(store.data_mut());
            Ok((p2::HostOutgoingRequest::set_authority(
                &mut http, request, authority,
            )?,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Shadows the setters of WASI 0.3. Call it after Wasmtime's own were added.
pub(super) fn shadow_p3<T: Guest>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    type Own = Resource<Request>;
    linker.allow_shadowing(true);
    let mut types = linker.instance("wasi:http/types@0.3.0")?;
    types.func_wrap(
        "[method]request.set-method",
        |mut store: StoreContextMut<'_, T>, (request, method): (Own, p3::Method)| {
            if let p3::Method::Other(name) = &method
                && name.len() > METHOD_BYTES_MAX
            {
                return Ok((Set::Err(()),));
            }
            let mut http = view(store.data_mut());
            Ok((p3::HostRequest::set_method(&mut http, request, method)?,))
        },
    )?;
    types.func_wrap(
        "[method]request.set-authority",
        |mut store: StoreContextMut<'_, T>, (request, authority): (Own, Option<String>)| {
            if is_too_long(authority.as_deref()) {
                return Ok((Set::Err(()),));
            }
            let mut http = view(store.data_mut());
            Ok((p3::HostRequest::set_authority(
                &mut http, request, authority,
            )?,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn is_too_long(authority: Option<&str>) -> bool {
    authority.is_some_and(|authority| authority.len() > AUTHORITY_BYTES_MAX)
}
