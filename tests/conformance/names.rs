//! Names and groups (statements 064 to 071).

use crate::stage::{for_all_pairs, for_both_paths};

/// Who registers is found, and reached by what is sent to the name.
#[test]
fn reg_lookup() {
    for_all_pairs(|scene| {
        scene.second(
            "holder",
            "unregister @holder then register @service then whereis @service then say ready then receive then receive then reply yes",
        );
        scene.hears("holder", "say=ok:ready");
        scene.first(
            "client",
            "whereis @service then send @service 1 hello then call @service 2 - there?",
        );
        scene.reports_all("client", &["whereis=ok:#holder", "send=ok", "call=ok:yes"]);
        scene.reports_last(
            "holder",
            &[
                "whereis=ok:#holder",
                "say=ok:ready",
                "receive=ok:message #client 1 hello",
                "receive=ok:request #client 2 there?",
                "reply=ok",
            ],
        );
    });
}

/// Of many that want one name at once one gets it, and it keeps it.
#[test]
fn reg_taken() {
    for_all_pairs(|scene| {
        let racers: Vec<String> = ('a'..='f').map(|letter| format!("racer{letter}")).collect();
        for (role, n) in racers.iter().zip(0..) {
            let script = format!(
                "unregister @{role} then join @race then say ready then receive-tag 1 then register @prize then whereis @prize then receive-tag 2"
            );
            if n % 2 == 0 {
                scene.first(role, &script);
            } else {
                scene.second(role, &script);
            }
            scene.hears(role, "say=ok:ready");
        }
        scene.first(
            "starter",
            "broadcast @race 1 go then receive then broadcast @race 2 stop",
        );
        for role in &racers {
            scene.awaits(role, "whereis", 1);
        }
        scene.tell("starter", 1, "go");
        let winners = racers.iter().filter(|role| {
            let lines = scene.reports(role);
            let won = lines[4] == "register=ok";
            assert!(won || lines[4].starts_with("register=error:"), "{lines:#?}");
            assert!(
                won == (lines[5] == format!("whereis=ok:#{role}")),
                "{lines:#?}"
            );
            won
        });
        assert_eq!(winners.count(), 1);
    });
}

/// A process has one name. What is no name is refused.
#[test]
fn reg_one_name() {
    for_both_paths(|scene| {
        let long = "n".repeat(256);
        scene.first(
            "holder",
            &format!("register @second then whereis @second then unregister @holder then register @second then unregister @second then register {long}"),
        );
        let lines = scene.reports("holder");
        assert!(lines[0].starts_with("register=error:"), "{lines:#?}");
        assert_eq!(
            lines[1..5],
            [
                "whereis=ok:none",
                "unregister=ok",
                "register=ok",
                "unregister=ok"
            ]
        );
        assert!(lines[5].starts_with("register=error:"), "{lines:#?}");
    });
}

/// Who gives its name up lives on; nobody else can, and what nobody has can be given up by anybody.
#[test]
fn reg_unreg() {
    for_all_pairs(|scene| {
        scene.second(
            "holder",
            "receive then unregister @holder then unregister @holder then whereis @holder",
        );
        scene.first(
            "thief",
            "unregister @holder then unregister nobody then whereis @holder then send @holder 1 go",
        );
        scene.reports_last("thief", &["whereis=ok:#holder", "send=ok"]);
        scene.reports_last(
            "holder",
            &["unregister=ok", "unregister=ok", "whereis=ok:none"],
        );
    });
}

/// The name of a process that ended is free when a notice of its end is read: who is started in its stead can have it.
#[test]
fn reg_auto_free() {
    for_all_pairs(|scene| {
        scene.second("holder", "forget");
        let again = "kill @holder then receive then spawn $second name=@holder link args forget then whereis @holder";
        scene.first(
            "boss",
            &format!(
                "trap-exits on then link @holder then {}",
                [again; 3].join(" then ")
            ),
        );
        let lines = scene.reports("boss");
        for round in lines[2..].chunks(4) {
            let [kill, notice, spawn, whereis] = round else {
                panic!("{lines:#?}")
            };
            assert_eq!(kill, "kill=ok");
            assert!(notice.ends_with(" killed"), "{lines:#?}");
            let heir = spawn.strip_prefix("spawn=ok:").expect("the name is free");
            assert_eq!(*whereis, format!("whereis=ok:{heir}"));
        }
    });
}

/// A name is looked up at every send.
#[test]
fn reg_send_time() {
    for_all_pairs(|scene| {
        scene.second("early", "unregister @early then register @service then say mine then receive then unregister @service then say free then receive");
        scene.hears("early", "say=ok:mine");
        scene.first(
            "client",
            "send @service 1 one then receive then send @service 1 two",
        );
        scene.hears("early", "say=ok:free");
        scene.first(
            "late",
            "unregister @late then register @service then say mine then receive",
        );
        scene.hears("late", "say=ok:mine");
        scene.tell("client", 1, "go");
        scene.reports_last("late", &["receive=ok:message #client 1 two"]);
        scene.tell("early", 1, "bye");
        scene.reports_last("early", &["say=ok:free", "receive=ok:message #desk 1 bye"]);
    });
}

/// Two joins need two leaves; another's leave, or one too many, is nothing.
#[test]
fn pg_count() {
    for_all_pairs(|scene| {
        scene.first("other", "receive then leave @choir then members @choir then broadcast @choir 5 sing then members @opera then reply done");
        scene.second(
            "member",
            "join @choir then join @choir then members @choir then leave @choir then call @other 1 - now then leave @choir then leave @choir then members @choir",
        );
        scene.reports_last(
            "other",
            &[
                "leave=ok",
                "members=ok:#member",
                "broadcast=ok:1",
                "members=ok",
                "reply=ok",
            ],
        );
        scene.reports_all(
            "member",
            &[
                "join=ok",
                "join=ok",
                "members=ok:#member #member",
                "leave=ok",
                "call=ok:done",
                "leave=ok",
                "leave=ok",
                "members=ok",
            ],
        );
    });
}

/// The end of a member is the end of its memberships, before anybody reads of it. A group that nobody is in is empty.
#[test]
fn pg_auto_leave() {
    for_all_pairs(|scene| {
        scene.second(
            "member",
            "join @choir then join @choir then join @opera then say joined then forget",
        );
        scene.hears("member", "say=ok:joined");
        scene.first(
            "friend",
            "members @choir then monitor @member then kill @member then receive-down then members @choir then members @opera then broadcast @choir 1 x",
        );
        let lines = scene.reports("friend");
        assert_eq!(lines[0], "members=ok:#member #member");
        assert_eq!(lines[4..], ["members=ok", "members=ok", "broadcast=ok:0"]);
    });
}
