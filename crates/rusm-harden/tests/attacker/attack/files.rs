//! Files: inside the plan, outside it, and on every way out.

use super::{World, tell};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};

pub(super) fn attempt(world: &World, root: &File) {
    inside(world);
    outside(world);
    ways_out(world, root);
}

fn inside(world: &World) {
    tell("read inside", fs::read(world.path("look/file")));
    tell("list inside", fs::read_dir(world.path("look")));
    tell("write inside", fs::write(world.path("open/new"), "x"));
    tell(
        "make a folder inside",
        fs::create_dir_all(world.path("open/a/b")),
    );
    let (old, new) = (world.path("open/new"), world.path("open/a/b/moved"));
    tell("move inside", fs::rename(&old, &new));
    tell("hard link inside", fs::hard_link(&new, &old));
    tell(
        "symbolic link inside",
        symlink("moved", world.path("open/a/b/link")),
    );
    tell("remove inside", fs::remove_file(&old));
    tell(
        "remove from the shed",
        fs::remove_file(world.path("shed/file")),
    );
    tell("read the node's own map", fs::read("/proc/self/maps"));
}

fn outside(world: &World) {
    tell("read /etc/passwd", fs::read("/etc/passwd"));
    tell("list the root", fs::read_dir("/"));
    tell("read beside", fs::read(world.path("closed/secret")));
    tell("write beside", fs::write(world.path("closed/new"), "x"));
    tell(
        "make a folder beside",
        fs::create_dir(world.path("closed/folder")),
    );
    tell(
        "remove beside",
        fs::remove_file(world.path("closed/victim")),
    );
    tell("truncate beside", truncate(world, "closed/goods"));
    tell(
        "write where only reading is open",
        fs::write(world.path("look/file"), "x"),
    );
    tell(
        "truncate where only reading is open",
        truncate(world, "look/file"),
    );
    tell(
        "remove where only reading is open",
        fs::remove_file(world.path("look/file")),
    );
    tell("read in the shed", fs::read(world.path("shed/tool")));
    tell("list the shed", fs::read_dir(world.path("shed")));
    tell("write in the shed", fs::write(world.path("shed/tool"), "x"));
    tell(
        "make a file in the shed",
        File::create(world.path("shed/new")),
    );
    tell("truncate in the shed", truncate(world, "shed/tool"));
    tell(
        "remove a folder from the shed",
        fs::remove_dir(world.path("shed/box")),
    );
    tell(
        "read another process's memory map",
        fs::read(format!("/proc/{}/maps", parent())),
    );
    tell(
        "open a device",
        OpenOptions::new().write(true).open("/dev/null"),
    );
    let rights = fs::Permissions::from_mode(0o4755);
    tell(
        "give a file rights",
        fs::set_permissions(world.path("open/a/b/moved"), rights),
    );
}

/// `truncate(2)`, which opens nothing.
fn truncate(world: &World, name: &str) -> io::Result<()> {
    let path = std::ffi::CString::new(world.path(name).into_os_string().into_encoded_bytes())?;
    super::calls::made(libc::SYS_truncate, [path.as_ptr() as usize, 0, 0, 0, 0])
}

fn ways_out(world: &World, root: &File) {
    let inside = world.path("open/way");
    let take = |made: io::Result<()>| made.and_then(|()| fs::read(&inside)).map(|_| ());
    tell(
        "by a symbolic link",
        take(symlink(world.path("closed/secret"), &inside)),
    );
    let _removed = fs::remove_file(&inside);
    tell(
        "by a hard link",
        take(fs::hard_link(world.path("closed/secret"), &inside)),
    );
    tell(
        "by moving it in",
        take(fs::rename(world.path("closed/goods"), &inside)),
    );
    let moved = fs::rename(world.path("open/a"), world.path("closed/a"));
    tell("by moving a folder out", moved);
    let dots = world.path("open/../closed/secret");
    tell("by dot-dot", fs::read(dots));
    let absolute = world.path("closed/secret");
    let below = |door: &str| format!("{door}{}", absolute.display());
    tell("by /proc/self/root", fs::read(below("/proc/self/root")));
    tell(
        "by /proc/self/cwd",
        fs::read(below("/proc/self/cwd/../../../../../../../..")),
    );
    let handle = format!("/proc/self/fd/{}", root.as_raw_fd());
    tell("by a folder that was open before", fs::read(below(&handle)));
    tell(
        "by the task folder",
        fs::read(below("/proc/thread-self/root")),
    );
}

fn parent() -> u32 {
    std::os::unix::process::parent_id()
}
