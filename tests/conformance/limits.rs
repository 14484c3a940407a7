//! Bounds of one process, and what is known of it (statements 085 to 092; 087 is in `fairness`).

use crate::stage::{component, for_all_pairs};

/// A process over its memory ends, whatever it traps; only who watches it hears of it, and which bound it was.
#[test]
fn heap_kill() {
    for_all_pairs(|scene| {
        scene.second("bystander", "echo");
        scene.first(
            "watcher",
            "spawn $second monitor memory-mb=8 args trap-exits on also hoard then receive-down then rounds @bystander 1",
        );
        let lines = scene.reports("watcher");
        assert!(lines[1].ends_with(" limit: memory"), "{lines:#?}");
        assert_eq!(lines[2], "rounds=ok:1");
    });
}

/// Who may, sees of another its component, name, profile and state, its parent, mailbox and memory; of an ended one nothing.
#[test]
fn info_keys() {
    for_all_pairs(|scene| {
        scene.first(
            "boss",
            "spawn $second name=@child args to @boss also say ready also receive-tag 99 then receive then
            flood spawned 7 3 8 then facts spawned then inspect spawned then kill spawned then facts spawned then facts self",
        );
        let lines = scene.reports("boss");
        let facts = "facts=ok:parent=#boss mailbox=3 memory=true cpu=";
        assert!(lines[3].starts_with(facts), "{lines:#?}");
        let (_, second) = scene.paths();
        let component = component(second);
        let inspected = scene.meant(&format!("inspect=ok:{component} @child child "));
        assert!(lines[4].starts_with(&inspected), "{lines:#?}");
        assert_eq!(lines[6], "facts=ok:none");
        assert!(
            lines[7].starts_with("facts=ok:parent=none mailbox=0 "),
            "{lines:#?}"
        );
    });
}

/// What was sent before the question is counted in the answer.
#[test]
fn info_ordered() {
    for_all_pairs(|scene| {
        scene.second("busy", "receive-tag 99");
        let look = "flood @busy 7 19 8 then facts @busy";
        scene.first("asker", &[look; 3].join(" then "));
        let lines = scene.reports("asker");
        for (line, n_sent) in lines.iter().skip(1).step_by(2).zip([19, 38, 57]) {
            let facts = format!("facts=ok:parent=none mailbox={n_sent} ");
            assert!(line.starts_with(&facts), "{lines:#?}");
        }
    });
}

/// Who lives all the time is listed once, however many start and end meanwhile.
#[test]
fn proc_list() {
    for_all_pairs(|scene| {
        scene.second("steady", "forget");
        scene.first("mother", "say begun then relay $second 60");
        scene.hears("mother", "say=ok:begun");
        scene.first("counter", &["lists @steady"; 60].join(" then "));
        scene.reports_all("counter", &["lists=ok:1"; 60]);
        scene.reports_last("mother", &["relay=ok:60"]);
    });
}
