//! See `rusm_fuzz::manifest`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rusm_fuzz::manifest(data));
