//! Every record of the border survives the journey, and hostile bytes never do harm.
//!
//! Reading must not panic, and must not take more than it is given, whatever the bytes say.

#![expect(clippy::indexing_slicing, reason = "a failing test is a panic anyway")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rusm_abi::*;
use std::fmt::Debug;

/// Written whole into exactly its length, read back equal; one byte less or more is refused.
fn survives<'a, R: Record<'a> + PartialEq + Debug>(record: &R, room: &'a mut Vec<u8>) -> &'a [u8] {
    let length = record.encoded_len();
    room.resize(length + 1, 0xaa);
    assert_eq!(record.encode(&mut room[..length - 1]), Err(Full));
    assert_eq!(
        room,
        &vec![0xaa; length + 1],
        "what does not fit leaves the room as it was"
    );
    assert_eq!(record.encode(room), Ok(length));
    assert_eq!(room[length], 0xaa, "nothing is written behind the record");
    let room: &'a [u8] = room;
    assert_eq!(R::decode(&room[..length]).as_ref(), Ok(record));
    room
}

/// As `survives`, for records that do not take in all that follows them.
fn survives_exactly<'a, R: Record<'a> + PartialEq + Debug>(record: &R, room: &'a mut Vec<u8>) {
    let room = survives(record, room);
    assert_eq!(R::decode(room).err(), Some(Malformed::Trailing));
    for shorter in 0..room.len() - 1 {
        assert!(R::decode(&room[..shorter]).is_err(), "cut off at {shorter}");
    }
}

fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        Just(Limit::Memory),
        Just(Limit::CpuTime),
        Just(Limit::WallTime),
        Just(Limit::Output),
        Just(Limit::Mailbox),
    ]
}

fn reason(kind: u8, limit: Limit, text: &str) -> Reason<'_> {
    match kind {
        0 => Reason::Normal,
        1 => Reason::Shutdown,
        2 => Reason::Killed,
        3 => Reason::NoProcess,
        4 => Reason::NoConnection,
        5 => Reason::Trap(text),
        6 => Reason::NotStarted(text),
        7 => Reason::Limit(limit),
        _ => Reason::Error(text),
    }
}

proptest! {
    #[test]
    fn reasons_and_denials(kind in 0u8..9, limit in limit(), text in ".{0,40}", target in ".{0,40}") {
        survives_exactly(&reason(kind, limit, &text), &mut Vec::new());
        let denial = Denial { permission: "send", target: &target, help: &text };
        survives_exactly(&denial, &mut Vec::new());
    }

    #[test]
    fn events(
        kind in 0u8..4, why in 0u8..9, limit in limit(), text in ".{0,40}",
        ids in any::<[u64; 3]>(), payload in vec(any::<u8>(), 0..200),
    ) {
        let [sender, tag, id] = ids;
        let reason = reason(why, limit, &text);
        let payload = payload.as_slice();
        let event = match kind {
            0 => Event::Message { sender, tag, payload },
            1 => Event::Request { id, sender, tag, payload },
            2 => Event::Exit { sender, reason },
            _ => Event::Down { monitor: id, process: sender, reason },
        };
        survives(&event, &mut Vec::new());
    }

    #[test]
    fn selectors(
        tags in option::of(vec(any::<u64>(), 0..20)),
        sender in option::of(1..u64::MAX), monitor in option::of(1..u64::MAX),
    ) {
        let tags = tags.as_deref().map(List::Slice);
        survives_exactly(&Selector { tags, sender, monitor }, &mut Vec::new());
    }

    #[test]
    fn spawning(
        flags in any::<[bool; 2]>(),
        texts in vec(".{0,20}", 0..6), others in vec(".{0,20}", 0..6),
        name in option::of(".{0,20}"), profile in option::of(".{0,20}"),
        max_memory_mb in option::of(0..u32::MAX), max_cpu_ms in option::of(0..u64::MAX),
        timeout_ms in option::of(0..u64::MAX), process in any::<u64>(), monitor in option::of(1..u64::MAX),
    ) {
        let args: Vec<&str> = texts.iter().map(String::as_str).collect();
        let revoke: Vec<&str> = others.iter().map(String::as_str).collect();
        let [link, is_monitor] = flags;
        let options = SpawnOptions {
            link, monitor: is_monitor,
            name: name.as_deref(), profile: profile.as_deref(),
            args: List::Slice(&args), revoke: List::Slice(&revoke),
            max_memory_mb, max_cpu_ms, timeout_ms,
        };
        survives_exactly(&options, &mut Vec::new());
        survives_exactly(&Spawned { process, monitor }, &mut Vec::new());
    }

    #[test]
    fn infos(
        texts in any::<[String; 3]>(), name in option::of(".{0,20}"),
        numbers in any::<[u64; 3]>(), small in any::<[u32; 2]>(), parent in option::of(1..u64::MAX),
    ) {
        let [component, profile, state] = &texts;
        let info = Info {
            process: numbers[0], parent, component, name: name.as_deref(), profile, state,
            mailbox_length: small[0], memory_bytes: numbers[1], cpu_time_us: numbers[2], restarts: small[1],
        };
        survives_exactly(&info, &mut Vec::new());
        survives_exactly(&List::Slice(&[info, info]), &mut Vec::new());
    }

    #[test]
    fn storage(
        key in ".{0,20}", value in vec(any::<u8>(), 0..50), other in option::of(vec(any::<u8>(), 0..50)),
        expires_ms in option::of(0..u64::MAX), next in option::of(".{0,20}"),
    ) {
        let ops = [
            Op::Put { key: &key, value: &value, expires_ms },
            Op::Delete(&key),
            Op::Expect { key: &key, value: other.as_deref() },
        ];
        survives_exactly(&List::Slice(&ops), &mut Vec::new());
        let pairs = [Pair { key: &key, value: &value }];
        survives_exactly(&Page { next: next.as_deref(), pairs: List::Slice(&pairs) }, &mut Vec::new());
    }

    /// Bytes that nobody wrote are refused or read; what is read was in the bytes.
    #[test]
    fn hostile_bytes_do_no_harm(bytes in vec(prop_oneof![0u8..10, any::<u8>(), Just(0xff)], 0..120)) {
        fn read<'a, R: Record<'a>>(bytes: &'a [u8]) {
            if let Ok(record) = R::decode(bytes) {
                assert_eq!(record.encode(&mut vec![0; bytes.len()]), Ok(bytes.len()));
            }
        }
        read::<Reason<'_>>(&bytes);
        read::<Denial<'_>>(&bytes);
        read::<Event<'_>>(&bytes);
        read::<Selector<'_>>(&bytes);
        read::<SpawnOptions<'_>>(&bytes);
        read::<Spawned>(&bytes);
        read::<Info<'_>>(&bytes);
        read::<List<'_, Info<'_>>>(&bytes);
        read::<List<'_, Op<'_>>>(&bytes);
        read::<Page<'_>>(&bytes);
        if let Ok(all) = numbers(&bytes) {
            assert_eq!(all.count() * 8, bytes.len());
        }
    }
}

/// A count or a length far beyond the bytes ends the reading at once and allocates nothing.
#[test]
fn lengths_that_lie_are_refused() {
    let mut selector = [0; 24];
    selector[16..20].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
    assert_eq!(Selector::decode(&selector), Err(Malformed::Short));
    let huge = [0xfe, 0xff, 0xff, 0xff, b'x'];
    assert_eq!(<&str>::decode(&huge), Err(Malformed::Short));
    assert_eq!(
        List::<'_, &str>::decode(&huge).err(),
        Some(Malformed::Short)
    );
    assert_eq!(
        <&str>::decode(&[0xff, 0xff, 0xff, 0xff]),
        Err(Malformed::Short),
        "none where a text must be"
    );
    assert_eq!(<&str>::decode(&[1, 0, 0, 0, 0xff]), Err(Malformed::NotText));
}

/// Kinds and flags without a meaning are refused and not taken for another.
#[test]
fn unknown_numbers_are_refused() {
    assert_eq!(
        Reason::decode(&[9, 0, 0, 0, 0, 0, 0, 0]),
        Err(Malformed::Unknown(9))
    );
    assert_eq!(
        Reason::decode(&[7, 0, 0, 0, 5, 0, 0, 0]),
        Err(Malformed::Unknown(5))
    );
    assert_eq!(
        Reason::decode(&[0, 0, 0, 0, 1, 0, 0, 0]),
        Err(Malformed::Unknown(1))
    );
    let mut options = vec![0; SpawnOptions::plain().encoded_len()];
    SpawnOptions::plain().encode(&mut options).unwrap();
    options[0] = 4;
    assert_eq!(SpawnOptions::decode(&options), Err(Malformed::Unknown(4)));
    let mut event = [0; EVENT_HEAD];
    event[0] = 4;
    assert_eq!(Event::decode(&event), Err(Malformed::Unknown(4)));
}

/// The offsets that `abi/raw.md` promises: written here by hand, once per record with numbers.
#[test]
fn layouts_are_as_documented() {
    let mut room = [0xaa; 64];
    let event = Event::Request {
        id: 4,
        sender: 2,
        tag: 3,
        payload: b"hi",
    };
    assert_eq!(event.encode(&mut room), Ok(34));
    let words: Vec<u64> = numbers(&room[..32]).unwrap().collect();
    assert_eq!((words, &room[32..34]), (vec![1, 2, 3, 4], &b"hi"[..]));
    let selector = Selector {
        tags: Some(List::Slice(&[7])),
        sender: Some(5),
        monitor: None,
    };
    assert_eq!(selector.encode(&mut room), Ok(28));
    assert_eq!(
        room[..28],
        [
            5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0
        ]
    );
    assert_eq!(Reason::Error("x").encode(&mut room), Ok(13));
    assert_eq!(room[..13], [8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, b'x']);
}

/// Every code is negative, its own, and found again.
#[test]
fn codes_are_negative_and_unique() {
    for (position, errno) in Errno::ALL.iter().enumerate() {
        assert_eq!(errno.as_i32(), -1 - i32::try_from(position).unwrap());
        assert_eq!(Errno::from_i32(errno.as_i32()), Some(*errno));
    }
    assert_eq!(Errno::from_i32(0), None);
    assert_eq!(Errno::from_i32(-17), None);
}

/// What is written in pieces is what was given, and where there is too little room nothing is written.
#[test]
fn bytes_of_any_number_are_written_as_they_are() {
    let mut bytes = vec![0_u8; 70_001];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = (at / 11).to_le_bytes()[0];
    }
    for len in [0, 1, 2_047, 2_048, 2_049, 4_096, 65_536, 70_000] {
        let mut room = vec![0xee; len + 1];
        assert_eq!(Writer::new(&mut room).bytes(&bytes[..len]), Ok(()));
        assert_eq!((&room[..len], room[len]), (&bytes[..len], 0xee));
        let mut little = vec![0xee; len];
        assert_eq!(Writer::new(&mut little).bytes(&bytes[..=len]), Err(Full));
        assert!(little.iter().all(|byte| *byte == 0xee));
    }
}
