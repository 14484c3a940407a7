//! See `rusm_fuzz::wire`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rusm_fuzz::wire(data));
