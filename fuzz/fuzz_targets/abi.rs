//! See `rusm_fuzz::abi`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rusm_fuzz::abi(data));
