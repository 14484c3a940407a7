//! What the engine and WASI parts need of a store's data.

use super::GuestState;
use super::limits::GuestLimits;
use crate::code::Guest;
use crate::wasi::WasiState;
use wasmtime_wasi::{WasiCtxView, WasiView};

impl Guest for GuestState {
    fn limits(&mut self) -> &mut GuestLimits {
        &mut self.limits
    }

    fn wasi(&mut self) -> &mut WasiState {
        &mut self.wasi
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.view()
    }
}
