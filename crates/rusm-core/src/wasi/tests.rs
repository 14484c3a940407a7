//! What a context gives and what it does not, through the host functions that WASI 0.2 guests call.

use super::*;
use crate::guest::output::Line;
use rusm_caps::{DirGrant, Profile, ProfileBuilder, RecordingSink, Subject};
use std::path::Path;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode, HostDescriptor as _, NewTimestamp, OpenFlags, PathFlags,
};

struct Nowhere;

impl LineSink for Nowhere {
    fn line(&self, _from: &Subject, _line: &Line<'_>) {}
}

/// A store's data with nothing but WASI.
struct View(WasiState);

impl WasiView for View {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.0.view()
    }
}

/// What a context of this profile is made from, without anything else.
pub(super) fn setup(profile: Profile) -> WasiSetup {
    WasiSetup {
        guard: Guard::new(
            Arc::new(profile),
            Subject::new("test", 1, "<0.1.1>"),
            Arc::new(RecordingSink::denials()),
        ),
        args: Box::default(),
        folder: Path::new("/").into(),
        logs_terminal: false,
        surroundings: Arc::new(surroundings()),
    }
}

/// Where they live, with nothing private, bounded or reachable.
pub(super) fn surroundings() -> Surroundings {
    Surroundings {
        private_places: PrivatePlaces::default(),
        handles: None,
        dotenv: BTreeMap::from([
            ("A".to_owned(), "file".to_owned()),
            ("B".to_owned(), "file".to_owned()),
        ]),
        lines: Arc::new(Nowhere),
        reach: Reach::for_tests(),
    }
}

fn state(profile: ProfileBuilder) -> WasiState {
    WasiState::new(setup(profile.build().unwrap()))
}

/// A guest's view of one granted folder, and its descriptor.
fn granted(grant: DirGrant) -> (View, Resource<Descriptor>) {
    let mut state = state(Profile::sandboxed().to_builder("test").dir(grant));
    state.open(Kind::Component).unwrap();
    let mut view = View(state);
    let mut folders = view.filesystem().get_directories().unwrap();
    assert_eq!(folders.len(), 1);
    (view, folders.remove(0).0)
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn refusal<R: std::fmt::Debug>(result: FsResult<R>) -> ErrorCode {
    result.unwrap_err().downcast().unwrap()
}

#[test]
fn an_empty_profile_gives_nothing_at_all() {
    let mut view = View(state(Profile::builder("nothing")));
    assert!(view.filesystem().get_directories().unwrap().is_empty());
    use wasmtime_wasi::cli::WasiCliView as _;
    use wasmtime_wasi::p2::bindings::cli::environment::Host as _;
    use wasmtime_wasi::p2::bindings::cli::terminal_stdin::Host as _;
    assert!(view.cli().get_environment().unwrap().is_empty());
    assert_eq!(view.cli().get_arguments().unwrap(), ["test"]);
    assert!(view.cli().get_terminal_stdin().unwrap().is_none());
    assert!(!view.0.output().has_terminal());
}

#[test]
fn variables_come_from_the_environment_first_then_from_the_file_and_only_by_name() {
    let state = state(
        Profile::builder("env")
            .env("A".parse().unwrap())
            .env("B*".parse().unwrap())
            .env("C".parse().unwrap()),
    );
    let own = [("A", "own"), ("BB", "own"), ("SECRET", "own")]
        .map(|(name, value)| (name.into(), value.into()));
    let variables = environment(
        &state.setup.guard,
        &state.setup.surroundings.dotenv,
        own.into_iter(),
    );
    let expected = [("A", "own"), ("B", "file"), ("BB", "own")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(variables, BTreeMap::from(expected));
}

#[test]
fn a_folder_granted_for_reading_cannot_be_written_to_in_any_way() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "kept").unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let (mut view, root) = granted(DirGrant::read_only(folder.path(), "/data").unwrap());
    let root = || Resource::new_borrow(root.rep());
    let no_follow = PathFlags::empty;
    let name = |text: &str| text.to_owned();
    block_on(async {
        let mut files = view.filesystem();
        for (open, mode) in [
            (OpenFlags::CREATE, DescriptorFlags::READ),
            (OpenFlags::TRUNCATE, DescriptorFlags::READ),
            (OpenFlags::empty(), DescriptorFlags::WRITE),
            (
                OpenFlags::empty(),
                DescriptorFlags::READ | DescriptorFlags::WRITE,
            ),
        ] {
            let path = if open == OpenFlags::CREATE {
                name("new")
            } else {
                name("file")
            };
            let result = files.open_at(root(), no_follow(), path, open, mode).await;
            assert!(
                matches!(
                    refusal(result),
                    ErrorCode::NotPermitted | ErrorCode::ReadOnly | ErrorCode::Access
                ),
                "{open:?} {mode:?}"
            );
        }
        assert_eq!(
            refusal(files.create_directory_at(root(), name("new")).await),
            ErrorCode::NotPermitted
        );
        assert_eq!(
            refusal(files.unlink_file_at(root(), name("file")).await),
            ErrorCode::NotPermitted
        );
        assert_eq!(
            refusal(files.remove_directory_at(root(), name("sub")).await),
            ErrorCode::NotPermitted
        );
        assert_eq!(
            refusal(
                files
                    .rename_at(root(), name("file"), root(), name("new"))
                    .await
            ),
            ErrorCode::NotPermitted
        );
        assert_eq!(
            refusal(files.symlink_at(root(), name("file"), name("new")).await),
            ErrorCode::NotPermitted
        );
        assert_eq!(
            refusal(
                files
                    .link_at(root(), no_follow(), name("file"), root(), name("new"))
                    .await
            ),
            ErrorCode::NotPermitted
        );
        let times = files
            .set_times_at(
                root(),
                no_follow(),
                name("file"),
                NewTimestamp::Now,
                NewTimestamp::Now,
            )
            .await;
        assert_eq!(refusal(times), ErrorCode::NotPermitted);

        // A folder below may say that it is opened for change; nothing in it can be changed.
        let mutate = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
        if let Ok(sub) = files
            .open_at(
                root(),
                no_follow(),
                name("sub"),
                OpenFlags::DIRECTORY,
                mutate,
            )
            .await
        {
            let made = files
                .create_directory_at(Resource::new_borrow(sub.rep()), name("new"))
                .await;
            assert_eq!(refusal(made), ErrorCode::NotPermitted);
            let open = files.open_at(
                sub,
                no_follow(),
                name("new"),
                OpenFlags::CREATE,
                DescriptorFlags::WRITE,
            );
            assert!(open.await.is_err());
        }

        let file = files
            .open_at(
                root(),
                no_follow(),
                name("file"),
                OpenFlags::empty(),
                DescriptorFlags::READ,
            )
            .await
            .unwrap();
        let file = || Resource::new_borrow(file.rep());
        assert_eq!(
            files.read(file(), 100, 0).await.unwrap(),
            (b"kept".to_vec(), false)
        );
        assert!(files.write(file(), b"lost".to_vec(), 0).await.is_err());
        assert!(files.set_size(file(), 0).await.is_err());
        assert!(files.write_via_stream(file(), 0).is_err());
        assert!(files.append_via_stream(file()).is_err());
        assert!(
            files
                .set_times(file(), NewTimestamp::Now, NewTimestamp::Now)
                .await
                .is_err()
        );
    });
    assert_eq!(
        std::fs::read_to_string(folder.path().join("file")).unwrap(),
        "kept"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(
        std::fs::read_dir(folder.path().join("sub"))
            .unwrap()
            .count(),
        0
    );
}

/// From a folder for reading to one for writing and back, by every call that names two; and descriptors say what they are.
#[test]
fn nothing_moves_between_a_folder_for_reading_and_one_for_writing() {
    let house = tempfile::tempdir().unwrap();
    for name in ["read", "write"] {
        std::fs::create_dir_all(house.path().join(name).join("sub")).unwrap();
        std::fs::write(house.path().join(name).join("file"), name).unwrap();
    }
    let read = DirGrant::read_only(house.path().join("read"), "/read").unwrap();
    let write = DirGrant::read_write(house.path().join("write"), "/write").unwrap();
    let mut state = state(Profile::sandboxed().to_builder("test").dir(read).dir(write));
    state.open(Kind::Component).unwrap();
    let mut view = View(state);
    let mut files = view.filesystem();
    let folders: Vec<_> = files.get_directories().unwrap();
    let [(read, _), (write, _)] = folders.as_slice() else {
        panic!("two were granted")
    };
    let [read, write] = [read, write].map(|folder| move || Resource::new_borrow(folder.rep()));
    let name = |text: &str| text.to_owned();
    let no_follow = PathFlags::empty;
    block_on(async {
        let moved = files.rename_at(read(), name("file"), write(), name("new"));
        assert_eq!(refusal(moved.await), ErrorCode::NotPermitted);
        let moved = files.rename_at(write(), name("file"), read(), name("new"));
        assert_eq!(refusal(moved.await), ErrorCode::NotPermitted);
        let linked = files.link_at(read(), no_follow(), name("file"), write(), name("new"));
        assert_eq!(refusal(linked.await), ErrorCode::NotPermitted);
        let linked = files.link_at(write(), no_follow(), name("file"), read(), name("new"));
        assert_eq!(refusal(linked.await), ErrorCode::NotPermitted);
        let writes = DescriptorFlags::WRITE | DescriptorFlags::MUTATE_DIRECTORY;
        let sub = files
            .open_at(
                read(),
                no_follow(),
                name("sub"),
                OpenFlags::DIRECTORY,
                DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY,
            )
            .await
            .unwrap();
        for folder in [read(), sub] {
            assert!(!files.get_flags(folder).await.unwrap().intersects(writes));
        }
        let flags = files.get_flags(write()).await.unwrap();
        assert!(flags.contains(DescriptorFlags::MUTATE_DIRECTORY));
    });
    for kept in ["read", "write"] {
        let file = house.path().join(kept).join("file");
        assert_eq!(std::fs::read_to_string(file).unwrap(), kept);
        assert!(!house.path().join(kept).join("new").exists());
    }
}

#[test]
fn no_path_leads_out_of_a_granted_folder() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let inside = outside.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::os::unix::fs::symlink("../secret", inside.join("relative")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), inside.join("absolute")).unwrap();
    let (mut view, root) = granted(DirGrant::read_write(&inside, "/data").unwrap());
    block_on(async {
        let mut files = view.filesystem();
        for path in [
            "../secret",
            "/etc/passwd",
            "relative",
            "absolute",
            "./../secret",
            "relative/../../secret",
        ] {
            for follow in [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW] {
                let root = Resource::new_borrow(root.rep());
                let result = files
                    .open_at(
                        root,
                        follow,
                        path.to_owned(),
                        OpenFlags::empty(),
                        DescriptorFlags::READ,
                    )
                    .await;
                assert!(result.is_err(), "{path} led out");
            }
        }
    });
}

#[test]
fn a_folder_granted_for_writing_is_the_one_that_was_opened_whatever_becomes_of_its_name() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    std::fs::create_dir(&path).unwrap();
    let (mut view, root) = granted(DirGrant::read_write(&path, "/data").unwrap());
    std::fs::rename(&path, parent.path().join("moved")).unwrap();
    std::os::unix::fs::symlink("/etc", &path).unwrap();
    block_on(
        view.filesystem()
            .create_directory_at(Resource::new_borrow(root.rep()), "made".to_owned()),
    )
    .unwrap();
    assert!(parent.path().join("moved/made").is_dir());
}

#[test]
fn what_is_open_is_counted_and_what_was_granted_is_not() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let grant = DirGrant::read_only(folder.path(), "/data").unwrap();
    let profile = Profile::sandboxed()
        .to_builder("test")
        .dir(grant)
        .with_limits(|limits| limits.max_handles = 4)
        .build()
        .unwrap();
    let ceiling = Ceiling::new(5);
    let mut state = WasiState::new(WasiSetup {
        surroundings: Arc::new(Surroundings {
            handles: Some(Arc::clone(&ceiling)),
            ..surroundings()
        }),
        ..setup(profile)
    });
    state.open(Kind::Component).unwrap();
    let root = state.filesystem().get_directories().unwrap().remove(0).0;
    let open = |state: &mut WasiState| {
        let root = Resource::new_borrow(root.rep());
        let name = "file".to_owned();
        let (path, open) = (PathFlags::empty(), OpenFlags::empty());
        let mut files = state.filesystem();
        block_on(files.open_at(root, path, name, open, DescriptorFlags::READ)).unwrap()
    };
    let mut opened = Vec::new();
    for number in 1..=4 {
        let promise = state.promise(1).unwrap();
        opened.push(open(&mut state));
        drop(promise);
        assert_eq!(ceiling.held(), number);
    }
    assert_eq!(state.promise(1).unwrap_err(), NoHandle);
    let closed: Resource<Descriptor> = opened.pop().unwrap();
    state.view().table.delete(closed).unwrap();
    state.recount();
    assert_eq!(ceiling.held(), 3);
    // Two calls under way at once are counted before they are done.
    let first = state.promise(1).unwrap();
    assert_eq!(state.promise(1).unwrap_err(), NoHandle);
    drop(first);
    drop(state);
    assert_eq!(ceiling.held(), 0);
}

#[test]
fn the_nodes_ceiling_on_handles_holds_over_all_processes() {
    let ceiling = Ceiling::new(3);
    let process = || {
        let mut state = WasiState::new(WasiSetup {
            surroundings: Arc::new(Surroundings {
                handles: Some(Arc::clone(&ceiling)),
                ..surroundings()
            }),
            ..setup(Profile::sandboxed())
        });
        state.preview1();
        state
    };
    let (mut first, mut second) = (process(), process());
    let promised = first.promise(2).unwrap();
    assert_eq!(second.promise(2).unwrap_err(), NoHandle);
    assert!(second.promise(1).is_ok());
    drop(promised);
    first.recount();
    assert!(second.promise(3).is_ok(), "what was not made is given back");
}
