//! Which threads there are. Landlock may not reach one that was there before, so each of them counts.

use std::path::Path;

/// `PF_EXITING` of Linux: the thread has begun to end, and runs nothing of the program's any more. It is set before
/// whoever joins the thread learns that it ended; the thread stays listed for a while after that.
const EXITING: u64 = 4;

/// How many threads of this program may still run something, besides this one; none if the kernel does not say.
pub(super) fn others() -> usize {
    let listing = std::fs::read_dir("/proc/self/task");
    let running = |tasks: std::fs::ReadDir| tasks.flatten().filter(|task| runs(&task.path()));
    listing.map_or(0, |tasks| running(tasks).count().saturating_sub(1))
}

/// Of a folder of `/proc/self/task`. A thread counts unless the kernel says otherwise.
fn runs(task: &Path) -> bool {
    match std::fs::read_to_string(task.join("stat")) {
        Ok(stat) => flags(&stat).is_none_or(|flags| flags & EXITING == 0),
        Err(_) => task.exists(),
    }
}

/// The seventh field after the name, which is in brackets and may have brackets and spaces of its own (proc_pid_stat(5)).
fn flags(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(6)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_move_the_flags() {
        for name in ["worker", "a b", ") S 1 2 3 4 5 6 7", "(", ""] {
            let stat = format!("17 ({name}) R 1 17 17 0 -1 4194308 100 0");
            assert_eq!(flags(&stat), Some(4_194_308), "{name:?}");
        }
        for stat in [
            "",
            "17 (worker",
            "17 (worker) R 1 17",
            "17 (worker) R 1 1 1 0 -1 x",
        ] {
            assert_eq!(flags(stat), None, "{stat:?}");
        }
    }

    /// The kernel lists it for a while after it was joined.
    #[test]
    fn a_joined_thread_does_not_count() {
        let own = || Path::new("/proc").join(std::fs::read_link("/proc/thread-self").unwrap());
        assert!(runs(&own()));
        for _ in 0..2_000 {
            let task = std::thread::spawn(own).join().unwrap();
            assert!(!runs(&task), "{}", task.display());
        }
    }
}
