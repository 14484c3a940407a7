//! See `rusm_fuzz::rules`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rusm_fuzz::rules(data));
