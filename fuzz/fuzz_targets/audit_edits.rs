//! See `rusm_fuzz::audit_edits`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rusm_fuzz::audit_edits(data));
