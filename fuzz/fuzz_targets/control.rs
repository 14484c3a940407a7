//! See `rusm_fuzz::control`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rusm_fuzz::control(data));
