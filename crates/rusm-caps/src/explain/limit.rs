//! The limits of a profile as people read them, by their manifest keys.

use std::time::Duration;

use crate::Limits;

/// The manifest keys of all limits; `max-mailbox` has two.
pub const LIMIT_KEYS: [&str; 14] = [
    "max-memory-mb",
    "max-cpu-ms",
    "max-slice-ms",
    "timeout-ms",
    "max-output-kb",
    "max-mailbox.messages",
    "max-mailbox.mb",
    "max-processes",
    "max-handles",
    "max-timers",
    "max-table-elements",
    "max-body-kb",
    "max-random-kb",
    "max-call-kb",
];

/// A limit with its unit, such as `64 MiB`; none if there is no limit of that key.
pub fn limit_text(limits: &Limits, key: &str) -> Option<String> {
    let count = |value: u32, what: &str| format!("{value} {what}");
    Some(match key {
        "max-memory-mb" => size(limits.max_memory_bytes),
        "max-cpu-ms" => time(limits.max_cpu),
        "max-slice-ms" => time(limits.max_slice),
        "timeout-ms" => time(limits.timeout),
        "max-output-kb" => size(limits.max_output_bytes),
        "max-mailbox.messages" => format!("{} messages", limits.max_mailbox_messages),
        "max-mailbox.mb" => size(u64::try_from(limits.max_mailbox_bytes).unwrap_or(u64::MAX)),
        "max-processes" => count(limits.max_processes, "live descendants"),
        "max-handles" => count(limits.max_handles, "open at once"),
        "max-timers" => count(limits.max_timers, "armed at once"),
        "max-table-elements" => count(limits.max_table_elements, "elements of all tables"),
        "max-body-kb" => format!("{} a request body", size(limits.max_body_bytes)),
        "max-random-kb" => format!("{} a call", size(limits.max_random_bytes)),
        "max-call-kb" => format!("{} of host memory a call", size(limits.max_call_bytes)),
        _ => return None,
    })
}

fn time(time: Option<Duration>) -> String {
    match time {
        Some(time) => format!("{} ms", time.as_millis()),
        None => "no bound".to_owned(),
    }
}

/// In the largest unit that needs no fraction.
fn size(bytes: u64) -> String {
    if bytes == u64::MAX {
        "no bound".to_owned()
    } else if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else if bytes.is_multiple_of(1 << 10) {
        format!("{} KiB", bytes >> 10)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key has a text with a unit, and no other word has.
    #[test]
    fn every_limit_is_told() {
        for key in LIMIT_KEYS {
            let text = limit_text(&Limits::sandboxed(), key).unwrap();
            assert!(text.contains(' '), "{key}: {text}");
        }
        assert_eq!(
            limit_text(&Limits::sandboxed(), "max-memory-mb").as_deref(),
            Some("64 MiB")
        );
        assert_eq!(
            limit_text(&Limits::trusted(), "max-output-kb").as_deref(),
            Some("no bound")
        );
        assert_eq!(limit_text(&Limits::sandboxed(), "max-memory"), None);
        assert_eq!(size(65_537), "65537 bytes");
        assert_eq!(size(65_536), "64 KiB");
    }
}
